"""Distances in; tables, notes and a page of one comparison out."""
