"""New images: a snapshot and a seed in; image files with a manifest, or a stream of pixels, out."""
