"""What the stages share: parameters, records, shards, files. Imports no torch, cv2, scrapy, prefect."""

import os

# Threads that wait sleep instead of spinning: beside other programs on the same cores PyTorch is many times
# slower otherwise (docs/training.md). Read once, when PyTorch is loaded, which every stage does after this.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
