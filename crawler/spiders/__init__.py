"""The spiders that `scrapy list` knows."""
