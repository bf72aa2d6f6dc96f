"""Generated images in; which of them copy the training set or look wrong out."""
