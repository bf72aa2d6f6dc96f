"""People in an image, seen by networks: pixels in; scores out, and how likely the garment is worn."""
