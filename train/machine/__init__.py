"""What a run uses of its machine beside arithmetic: steps recorded as CUDA graphs, signals to stop."""
