"""Call recordings: their life, their sound, their files."""
