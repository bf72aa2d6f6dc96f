"""Files on disk, whole or absent: atomic writes, locks, records in Parquet, images in shards."""
