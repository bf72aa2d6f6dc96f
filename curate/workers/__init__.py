"""Items in, results out: in processes of this machine or on a Dask cluster."""
