"""Image files in and out: decode, read, write, hash."""
