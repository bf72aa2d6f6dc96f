"""A run's networks and position in; snapshots, checkpoints and the run's identity out."""
