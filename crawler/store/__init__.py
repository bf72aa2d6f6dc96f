"""What a crawl keeps: pictures and records, tombstones, parts joined, data/raw."""
