"""What runs wrote in; the same in Weights & Biases or MLflow out. No training waits for it."""
