"""Sets of images in; how often a 95 % interval holds, out."""
