"""A run's networks and position in; snapshots and checkpoints out."""
