"""A run's use of its machine: CUDA graphs of steps, kernels, and signals to stop."""
