"""A model prepared as a repository of Hugging Face, and the upload of a model or a dataset."""
