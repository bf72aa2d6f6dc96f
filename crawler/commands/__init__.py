"""What a person asks of a crawl besides crawling: a preview of its plan, stores merged, images forgotten."""
