"""The transcript server: ACS dials in here and sends what is said, one WebSocket for each running transcription."""
