"""A report with what all stages wrote, hostile words among it."""

import json

import pytest

from evaluate import stage
from evaluate.comparison.cache import Store
from fashion_pggan.distance.work import Work
from fashion_pggan.images.grid import write_grid

HOSTILE = "<script>alert(1)</script>"


CRAWL = {
    "provider": "demo",
    "products": 70,
    "failed": {HOSTILE: 2},
    "left_out": {"TOO_SMALL": 5},
    "hosts": [{"host": f"host{place}.example", "images": 70 - place, "failed": 0} for place in range(60)],
    "queries": [
        {"query": "남자 셔츠", "calls": 2, "results": 9, "new": 9},
        {"query": f"{HOSTILE}\u202e\x1b", "calls": 1, "results": 100, "new": 61},
    ],
    "words": [],
    "seconds": 4.2,
}


CURATE = {"images": 68, "kept": 64, "dropped": {"TOO_SMALL": 4}, "styles": {"flat": 60, "close_up": 4}}


TRAIN = {
    "images_shown": 9000,
    "images_per_s": 100.0,
    "seconds": 90.0,
    "skipped_steps": 3,
    "alarms": "",
    "device": "cuda",
    "hardware": "2 x a GPU",
    "processes": 2,
    "params_hash": "params",
    "git_commit": "abc123",
}


LOG = """kimg,lod,resolution,critic_loss,generator_loss,score_real,score_fake
1,3,4,2.5,1.5,0.1,-0.1
9,0,32,-1.5,0.5,0.2,-0.3
"""


@pytest.fixture(scope="session")
def reports(tmp_path_factory, dataset, models, params):
    folder = tmp_path_factory.mktemp("report")
    for name, facts in (("crawl", CRAWL), ("curate", CURATE), ("train", TRAIN)):
        (folder / f"{name}.json").write_text(json.dumps(facts))
    (folder / "training.csv").write_text(LOG)
    images = dataset.images(range(4), 32)
    write_grid(dataset.folder / "sheets" / "TOO_SMALL.png", images, 2)
    write_grid(dataset.folder / "sheets" / "kept.png", images, 2)
    stage.run(
        dataset.folder,
        models,
        folder,
        params,
        mirror=True,
        store=Store(folder / "store"),
        work=Work(2),
        settings=f"queries: [{HOSTILE}]\n",
    )
    return folder
