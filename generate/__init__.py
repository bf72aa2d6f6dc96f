"""New pictures: a snapshot and a seed in; picture files with a manifest, or a stream of pixels, out."""
