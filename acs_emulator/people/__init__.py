"""The humans whom the emulator plays: how they take calls, and what they say and press."""
