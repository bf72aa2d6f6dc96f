"""A store's folder in; what in it this program wrote, and may delete, out."""
