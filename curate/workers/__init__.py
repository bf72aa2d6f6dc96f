"""A function and items in; results out, computed in processes of this machine or on a Dask cluster."""
