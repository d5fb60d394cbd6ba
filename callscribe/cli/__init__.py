"""The command line: starts the other programs and speaks HTTP to them like any other client."""
