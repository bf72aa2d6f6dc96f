"""Images in; hashes by which equal and similar ones are found out."""
