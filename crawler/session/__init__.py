"""One crawl from start to end: parameters and a plan in; images to fetch, figures and data/raw out."""
