"""A folder or an address in; the raw images there, and where they come from, out."""
