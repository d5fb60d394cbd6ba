"""Programs behind the numbers that the documentation names; each prints what it measured."""
