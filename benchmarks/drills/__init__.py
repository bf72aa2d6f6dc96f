"""Drills: each harms the pipeline on purpose, runs it again, and compares with an undisturbed run."""
