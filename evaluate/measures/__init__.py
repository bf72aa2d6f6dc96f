"""Measures beside the distance: variation, memorisation, features."""
