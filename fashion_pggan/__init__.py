"""What the stages share: parameters, records, shards, files. Imports no torch, cv2, scrapy, prefect."""
