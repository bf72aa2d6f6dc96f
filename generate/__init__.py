"""A snapshot and a seed in; new images as files with a manifest, or as a stream of pixels, out."""
