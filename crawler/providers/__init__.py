"""Search providers: a call in, a page of results out; also the demo shop and lists of URLs."""
