"""Two streams of pictures in; their sliced Wasserstein distance per level, tables and a report out."""

import fashion_pggan  # noqa: F401  # first: it says how threads wait, before PyTorch is loaded
