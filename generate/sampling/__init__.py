"""A snapshot and latent vectors in; images, grids and films out."""
