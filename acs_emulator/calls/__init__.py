"""Calls: who is in them, how they begin, change and end."""
