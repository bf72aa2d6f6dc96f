"""Downloaders of images side by side."""
