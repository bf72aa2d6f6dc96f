"""Sets of images in; measures besides the distance out: variation, memorisation, feature distances."""
