"""Two streams of images in; their distances with intervals out."""
