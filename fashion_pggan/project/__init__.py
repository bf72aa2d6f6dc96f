"""A folder to work in, without the repository: the program in; dvc.yaml, params.yaml and their like out."""
