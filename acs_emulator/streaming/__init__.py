"""Media streaming: the sound of a call over the application's web socket, and the application's sound into the call."""
