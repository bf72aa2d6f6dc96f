"""Folders that grow from run to run in; the lists of what belongs there out."""
