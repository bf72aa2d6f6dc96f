"""Two streams of images in; their sliced Wasserstein distance per level, tables and a report out."""
