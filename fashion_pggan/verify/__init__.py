"""Checks of what lies on disk: they take folders, and say which files are damaged and how to mend them."""
