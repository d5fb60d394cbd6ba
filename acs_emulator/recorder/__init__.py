"""Records what the emulator sends out, and sends it again."""
