"""Distances measured while training in; when levels grow out."""
