"""Measurements, never asserted by a test: what goes in is a parameters file, what comes out is a table."""
