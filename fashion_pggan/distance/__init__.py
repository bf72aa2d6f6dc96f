"""Images in; their pyramids, descriptors and sliced Wasserstein distance out."""
