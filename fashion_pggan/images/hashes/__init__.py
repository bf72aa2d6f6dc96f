"""Images in; perceptual hashes, which find copies, out."""
