"""Distances measured during training in; the start and length of each transition out."""
