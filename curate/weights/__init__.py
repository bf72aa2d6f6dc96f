"""Networks that others trained: a wheel in; checked files in a cache of the user's out."""
