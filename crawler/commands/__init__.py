"""The other commands: preview a plan, merge stores, forget images."""
