"""What the emulator tells the application: callbacks, and the sockets it dials."""
