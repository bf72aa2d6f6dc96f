"""Sets of images that tests hold in memory."""

from evaluate.sets.image_set import ImageSet


def set_of(images, name="images"):
    """The set of an array of images (n, side, side, 3)."""
    return ImageSet(name, len(images), images.shape[1], lambda indices: images[indices.start : indices.stop])
