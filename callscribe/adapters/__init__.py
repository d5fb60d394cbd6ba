"""The only room with third-party drivers. Nothing is imported here: each program loads only what it uses."""
