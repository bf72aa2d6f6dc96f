"""The progressive GAN: a curated data set in; snapshots of its averaged generator, grids and a log out."""

import fashion_pggan  # noqa: F401  # first: it says how threads wait, before PyTorch is loaded
