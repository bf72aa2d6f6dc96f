"""Datasets, snapshots and folders in; streams of images to compare out."""
