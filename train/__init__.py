"""The progressive GAN: a curated dataset in; snapshots of its averaged generator, grids and a log out."""
