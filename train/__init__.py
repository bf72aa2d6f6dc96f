"""The progressive GAN: a curated data set in; snapshots of its averaged generator, grids and a log out."""
