"""Experiments: recipes of training, compared on the same photographs. What they found: docs/experiment.md."""
