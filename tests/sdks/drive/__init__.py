"""Drives every operation of an installed `azure-communication-callautomation` against an emulator.

It needs that SDK and aiohttp, nothing else, so that it runs in the environment of any version of the SDK.
"""
