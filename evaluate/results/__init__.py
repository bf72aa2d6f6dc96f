"""Distances in; tables and a page of one comparison out."""
