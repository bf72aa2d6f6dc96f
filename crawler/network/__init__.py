"""How a crawl fetches: addresses, downloads, what may be asked of whom."""
