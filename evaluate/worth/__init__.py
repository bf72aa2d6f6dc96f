"""A dataset with labels and a snapshot in; what training a classifier on generated images is worth, out."""
