"""Whom a crawl asks: requests and answers of search APIs as values, the demo shop, lists of addresses."""
