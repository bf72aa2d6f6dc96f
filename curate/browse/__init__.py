"""The browser of decisions: a dataset and its raw images in; a page on loopback that writes overrides.csv."""
