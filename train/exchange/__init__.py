"""Weights in and out for other programs: published variables, ONNX, PyTorch's exported form."""
