"""Sharing: a crawl's store and data/raw hold their shards once on the disk, after DVC has copied them apart.

DVC replaces hard links in data/raw by copies of its cache's objects. Hard links from the store to these
copies share nothing with the cache. Nobody writes into a shard: its name is its SHA-256, by which the next
crawl and `verify` notice an edit.
"""

from pathlib import Path

from crawler.store.own.held import held_store
from fashion_pggan.errors import UserError
from fashion_pggan.storage.files import hold_once
from fashion_pggan.storage.packed.tar_shards import sha256_in, shards_in


def share(store: Path, raw: Path) -> int:
    """Replace shards of the store by hard links to the same shards of data/raw, where both are whole.

    Returns:
        Bytes that are free now.

    Raises:
        UserError: one of them has no shards, or a crawl uses the store.
    """
    for folder in (store, raw):
        if not shards_in(folder):
            raise UserError(f"{folder} holds no shards: run dvc repro crawl first, or give another folder")
    with held_store(store):
        names = sorted({*shards_in(store)} & {*shards_in(raw)})
        return sum(hold_once(raw / name, store / name, sha256_in(name)) for name in names)
