"""What a crawl keeps: images and records, tombstones, parts joined, data/raw."""
