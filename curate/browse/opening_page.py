"""One session of the page: a dataset and its raw images, served until interrupted."""

import logging
import secrets
from pathlib import Path

from curate.browse.dataset_view import Gallery
from curate.browse.server import application
from curate.exported_facts import measured
from curate.overrides import read_overrides
from curate.source.raw import Image, image_of, raw_images
from curate.workers.local import locally
from fashion_pggan.answering import serve
from fashion_pggan.errors import UserError
from fashion_pggan.images.decode.opening import MOST_PIXELS
from fashion_pggan.storage.proof.folder_mark import check_marked
from fashion_pggan.storage.records import CuratedImage, read_records
from fashion_pggan.storage.shards import Dataset

log = logging.getLogger(__name__)


def open_page(dataset: Path, source: Path, overrides: Path, port: int) -> None:
    """Serve the page until interrupted.

    Args:
        dataset: a curated dataset.
        source: its raw images; may be missing: then only kept images are seen.
        overrides: the file of decisions; may be missing.
        port: 0: a free one.

    Raises:
        UserError: there is no dataset, the file of decisions is broken, or the port is in use.
    """
    read_overrides(overrides)
    curated = Dataset(dataset)
    check_marked(dataset / "manifest.parquet")
    rows = read_records(dataset / "manifest.parquet", CuratedImage)
    measures, _ = measured(dataset / "measures.parquet", set(CuratedImage.model_fields))
    gallery = Gallery(curated, rows, measures, _files_in(source), overrides, MOST_PIXELS)
    key = secrets.token_urlsafe(16)
    serve(application(gallery, key), port, "curation", f"#{key}")


def _files_in(source: Path) -> dict[str, Image]:
    """The raw images by SHA-256; none where the folder is missing."""
    try:
        return {raw.sha256: image_of(raw, source) for raw in raw_images(source, locally(1))}
    except UserError as error:
        log.warning("%s: only images that were kept are seen", error)
        return {}
