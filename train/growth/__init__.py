"""Images shown in; what is trained, at which resolution, out."""
