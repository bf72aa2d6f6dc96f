"""Pixels in; the square that is used, at all levels of the pyramid, out."""
