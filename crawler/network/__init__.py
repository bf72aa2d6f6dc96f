"""How a crawl downloads: URLs in; responses, refusals and retries out."""
