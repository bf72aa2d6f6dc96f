"""Runs and a start in; what the start is to each of them, and the state it takes over, out."""
