"""Which calls a crawl makes, in which order, and what it has heard so far."""
