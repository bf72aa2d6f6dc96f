"""The products: an index in; the facts and the image of a product out."""
