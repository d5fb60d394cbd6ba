"""The sound of calls: what recordings keep and media streams send."""
