"""Pixels in; what is measured of an image out: evidence, styles, fingerprints."""
