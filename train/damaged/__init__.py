"""A folder of runs or of models in; its files out, each with what is wrong with it."""
