"""A list of addresses in place of a search: a file in; its rows, and what was skipped, out."""
