"""Images in; tar shards that hold many of them, and each image's place in a shard, out."""
