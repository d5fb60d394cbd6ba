"""The control plane under `/_emulator`: what the world outside ACS does, and what the emulator saw of it."""
