"""Joins adapters to ports: one module for each program, which imports only that program's adapters."""
