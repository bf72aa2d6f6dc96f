"""Files on disk: atomic writes, locks, records in Parquet, images in shards."""
