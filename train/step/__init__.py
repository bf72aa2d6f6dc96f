"""One step: a batch in; losses, gradients, updated weights out."""
