"""Two sets of images in; their distances with intervals out."""
