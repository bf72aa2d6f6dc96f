"""Looks at the machine, the repository and what stands beside them, before a run needs them."""
