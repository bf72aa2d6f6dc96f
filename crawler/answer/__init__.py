"""One answer of a server: its headers and first bytes in; wanted or not, and why, out."""
