"""Images shared by all stages: decode files to pixels, read and write datasets of files, hash pixels."""
