"""Pixels in; the facts of an image out: light, ground, garment, faces, letters, style, fingerprint."""
