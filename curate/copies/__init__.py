"""Fingerprints in; pairs of near-duplicates and the best image of each group out."""
