"""Checks of what lies on disk: in go folders, out comes what is damaged in them and how to mend it."""
