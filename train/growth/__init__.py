"""The number of images shown in; the phase out: resolution, fade, minibatch, learning rate."""
