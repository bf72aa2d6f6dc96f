"""A fleet: one crawl in parts, each by a worker of a pool, merged at the end."""
