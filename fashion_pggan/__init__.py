"""What the stages share: parameters, records, shards, files, progress. Imports no torch, cv2, scrapy or prefect."""
