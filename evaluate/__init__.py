"""Two streams of pictures in; their sliced Wasserstein distance per level, tables and a report out."""
