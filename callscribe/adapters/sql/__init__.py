"""The store on SQL. Nothing is imported here: the transcript server's way in needs no SQL toolkit."""
