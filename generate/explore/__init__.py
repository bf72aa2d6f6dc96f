"""The latent explorer: a snapshot in; a page on loopback with sliders, neighbours and recipes out."""
