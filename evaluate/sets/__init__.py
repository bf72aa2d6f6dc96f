"""Datasets, snapshots and folders in; sets of images to compare out."""
