"""Latent vectors in, images and scores out: the networks, their layers and their randomness."""
