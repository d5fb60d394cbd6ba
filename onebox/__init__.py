"""Both servers in one event loop on SQLite: development, demonstration, a single machine."""
