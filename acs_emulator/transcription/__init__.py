"""Real-time transcription as ACS offers it: its operations, its failures, and the client of the application's socket."""
