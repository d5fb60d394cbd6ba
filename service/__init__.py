"""The HTTP edge: translates requests into actions and values into answers."""
