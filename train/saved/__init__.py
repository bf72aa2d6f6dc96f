"""What a run keeps: snapshots of the generator, checkpoints of the whole state."""
