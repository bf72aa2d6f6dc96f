"""New pictures: a snapshot and a seed in; picture files with a manifest, or a stream of pixels, out."""

import fashion_pggan  # noqa: F401  # first: it says how threads wait, before PyTorch is loaded
