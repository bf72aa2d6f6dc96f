"""`fashion-pggan crawl …`, or `python -m crawler …`."""

import logging
from pathlib import Path
from typing import Annotated

from cyclopts import App

from crawler.answer.counts import KNOWN_BY
from fashion_pggan.command.options import PARAMS, OptionalOutputFile, OutputFile, OutputFolder
from fashion_pggan.command.roles import Keeps, Makes, Writes
from fashion_pggan.errors import ArgumentError
from fashion_pggan.paths import outliving

STORE = outliving(Path("runs/crawl"))
TOMBSTONES = Path("tombstones.jsonl")

Tombs = Annotated[OutputFile, Keeps]

app = App(name="crawl")
log = logging.getLogger("crawler")


@app.default
def crawl(
    target: Annotated[Path | None, Makes] = None,
    /,
    *,
    report: Annotated[OptionalOutputFile, Writes(*KNOWN_BY)] = None,
    params: Path = PARAMS,
    store: OutputFolder = STORE,
    tombstones: Tombs = TOMBSTONES,
    dry_run: bool = False,
    verbose: bool = False,
) -> None:
    """Crawl what params.yaml asks for: a shop's search results and their images.

    For example:
        fashion-pggan crawl --dry-run
        fashion-pggan crawl data/raw --report reports/crawl.json

    Args:
        target: the folder to make: images and records.parquet.
        report: a JSON file for the crawl's figures.
        params: the file of parameters.
        store: the folder that keeps every image fetched.
        tombstones: what the crawl must never fetch again; see forget.
        dry_run: print the plan and its calls; ask nobody.
        verbose: show what Scrapy says.
    """
    if dry_run:
        from crawler.commands.preview import dry_run as preview
        from fashion_pggan.params import load_params

        print(preview(load_params(params).crawl))
        return
    if target is None:
        raise ArgumentError("TARGET is missing: name the folder to make, such as data/raw")
    from crawler import stage
    from crawler.session.figures import line_of, tables_of

    figures = stage.run(
        target, params=params, store=store, report=report, tombstones=tombstones, verbose=verbose
    )
    for line in tables_of(figures):
        log.info("%s", line)
    log.info("%s", line_of(figures))


@app.command
def merge(*parts: Path, store: OutputFolder = STORE, tombstones: Tombs = TOMBSTONES) -> None:
    """Merge the stores of several machines into one, without duplicates.

    For example:
        fashion-pggan crawl merge from-machine-1 from-machine-2

    Args:
        parts: stores (runs/crawl) of crawls with crawl.part.
        store: the store to fill.
        tombstones: what the store must not hold.
    """
    if not parts:
        raise ArgumentError("PARTS are missing: name the stores to merge")
    from crawler.commands.merge import merge as join
    from crawler.store.tombstones import Tombstones

    counted = join(parts, store, Tombstones(tombstones))
    log.info("%s: %s", store, ", ".join(f"{count:,} {what}" for what, count in counted.items()))
    log.info("next: set crawl.part to 1/1 and run dvc repro crawl, which fetches what is missing")


@app.command
def share(*, store: OutputFolder = STORE, raw: Path = Path("data/raw")) -> None:
    """Hold the shards of the store and of data/raw once on the disk, where DVC has copied them apart.

    Shards of the store become hard links to those of data/raw. DVC's cache keeps its own copy.

    For example:
        fashion-pggan crawl share

    Args:
        store: the folder that keeps every image fetched.
        raw: the crawl stage's output.
    """
    from crawler.commands.share import share as hold_once
    from fashion_pggan.errors import bytes_in_words

    log.info("%s: %s are free now", store, bytes_in_words(hold_once(store, raw)))


@app.command
def forget(
    *,
    url: tuple[str, ...] = (),
    host: tuple[str, ...] = (),
    sha256: tuple[str, ...] = (),
    store: OutputFolder = STORE,
    raw: Annotated[Path, Keeps] = Path("data/raw"),
    tombstones: Tombs = TOMBSTONES,
) -> None:
    """Delete images and records, and set tombstones so that they never come back.

    For example:
        fashion-pggan crawl forget --host shop.example.org
        fashion-pggan crawl forget --url https://shop.example.org/1.jpg --url https://shop.example.org/2.jpg

    Args:
        url: an image's address; may be repeated.
        host: a host with all its images; may be repeated.
        sha256: the SHA-256 of an image's bytes; may be repeated.
        store: the folder that keeps every image fetched.
        raw: the crawl stage's output.
        tombstones: the file of tombstones.
    """
    if not (url or host or sha256):
        raise ArgumentError("nothing to forget: give --url, --host or --sha256")
    from crawler.commands.forget import NEXT
    from crawler.commands.forget import forget as remove
    from crawler.store.tombstones import Tombstones

    gone = remove(Tombstones(tombstones), store, raw, list(url), list(host), list(sha256))
    log.info("forgot %d images in %s and %d in %s", gone.stored, store, gone.raw, raw)
    if gone.nameless:
        log.info(
            "deleted %d files in %s that no record names: nobody can say whose they are", gone.nameless, store
        )
    for digest in gone.elsewhere:
        log.info(
            "the same bytes stay under other URLs: fashion-pggan crawl forget --sha256 %s removes them too",
            digest,
        )
    for line in NEXT.splitlines():
        log.info("%s", line)


def show(
    image: str,
    out: Annotated[OptionalOutputFile, Keeps] = None,
    /,
    *,
    raw: Path = Path("data/raw"),
) -> None:
    """Take one crawled image out of its shard, as it was received, and say where it came from.

    For example:
        fashion-pggan show https://shop.example.org/1.jpg
        fashion-pggan show 0f3a9c21 shirt.jpg

    Args:
        image: its address, its SHA-256, or the beginning of that, as contact sheets have it.
        out: the file to write; by default one in this folder, named by the SHA-256.
        raw: the crawl stage's output.
    """
    from crawler.commands.show import show as take_out

    print(take_out(image, raw, out))
