"""Which search calls a crawl makes, in which order; the journal keeps the answers."""
