"""A run in; a table, an archive, a run of another clone, or free space out."""
