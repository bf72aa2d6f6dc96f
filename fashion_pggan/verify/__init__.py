"""Folders in; which of their files are damaged, and how to mend them, out."""
