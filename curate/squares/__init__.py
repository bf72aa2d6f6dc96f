"""Pixels in; the square that goes into the dataset, at all levels of the pyramid, out."""
