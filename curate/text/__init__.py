"""Text in an image, seen by a network: pixels and the garment's mask in; share, place and a score out."""
