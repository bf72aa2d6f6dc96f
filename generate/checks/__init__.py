"""Generated images in; which of them copy training images or score low out."""
