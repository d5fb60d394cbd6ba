"""Pure values and rules of calls and transcripts: no clock, no randomness, no I/O."""
