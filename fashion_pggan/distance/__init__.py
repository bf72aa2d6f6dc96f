"""Images in; pyramids, descriptors and their sliced Wasserstein distance out."""
