"""What happens in which order: asynchronous over the ports; knows no HTTP, no SQL and no SDK."""
