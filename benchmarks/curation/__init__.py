"""Measurements of what curation recognises, on images that you label."""
