"""A parameters file and ways of training in; images per second of each way and level out."""
