"""The repository: git, parameters, DVC and its remote, keys, room on the disk."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from shutil import which
from urllib.parse import urlsplit

from fashion_pggan.doctor.finding import Finding, note, ok, wrong
from fashion_pggan.doctor.programs import answer_of
from fashion_pggan.errors import UserError, bytes_in_words
from fashion_pggan.params import Params
from fashion_pggan.storage.files import free_at

RAW_BYTES = 325_000  # of a crawled image, as in the measurements of the crawler (benchmarks/README.md)
TWICE = 2  # DVC's cache holds a copy (docs/decisions/0013-dvc-cache-copies.md)
LEVELS = 4 / 3  # all levels of a pyramid, by the finest


def of_repository(
    folder: Path,
    params: Params | UserError,
    keys_of: Callable[[str], tuple[str, ...]],
    run_bytes: Callable[[Params], int],
) -> Iterator[Finding]:
    """All findings about the folder in which commands run.

    Args:
        folder: usually the repository.
        params: of its params.yaml, or why they cannot be read.
        keys_of: the environment variables that hold a provider's keys.
        run_bytes: what a training takes on the disk.
    """
    yield _git(folder)
    yield from _dvc(folder)
    if isinstance(params, UserError):
        yield wrong("params.yaml", *str(params).rsplit(": ", 1))
        return
    yield ok(
        "params.yaml",
        f"read; {params.crawl.provider}, {params.curate.resolution} px, {params.train.total_kimg:g} kimg",
    )
    yield _keys(params, keys_of(params.crawl.provider), os.environ)
    yield _room(folder, params, run_bytes)


def _git(folder: Path) -> Finding:
    version = answer_of(["git", "--version"])
    if version is None:
        return wrong("git", "not found", "install it")
    if answer_of(["git", "-C", str(folder), "rev-parse", "--is-inside-work-tree"]) is None:
        return note("git", f"{version.removeprefix('git version ')}; this folder is in no repository",
                    "run git init, or make demo, which does it")  # fmt: skip
    return ok("git", version.removeprefix("git version "))


def _dvc(folder: Path) -> Iterator[Finding]:
    if not which("dvc"):
        yield wrong("DVC", "no command dvc", "start with make, or put .venv/bin into PATH")
        return
    if not (folder / ".dvc/config").is_file():
        yield note("DVC", "this folder is not initialised", "run dvc init")
        return
    yield ok("DVC", answer_of(["dvc", "--version"]) or "there")
    yield _remote(answer_of(["dvc", "remote", "list"]) or "")


def _remote(listed: str) -> Finding:
    """The default remote; a password in its address is not told."""
    remotes = [line.split() for line in listed.splitlines() if len(line.split()) > 1]
    chosen = next((words for words in remotes if words[-1] == "(default)"), remotes[0] if remotes else None)
    if chosen is None:
        return note("DVC remote", "none: data and models are in this clone alone",
                    "add one: docs/how-to/dvc-remote.md")  # fmt: skip
    address = chosen[1]
    parts = urlsplit(address)
    if parts.scheme and parts.hostname:
        return ok("DVC remote", f"{chosen[0]}, {parts.scheme}://{parts.hostname}{parts.path} (not asked)")
    there = Path(address)
    if not there.is_dir():
        return wrong("DVC remote", f"{chosen[0]}, {there} is no folder",
                     "make it, or mount its disk")  # fmt: skip
    if not os.access(there, os.W_OK):
        return wrong("DVC remote", f"{chosen[0]}, you may not write in {there}", "give yourself the right")
    return ok("DVC remote", f"{chosen[0]}, {there}, {bytes_in_words(free_at(there))} free")


def _keys(params: Params, names: tuple[str, ...], environment: Mapping[str, str]) -> Finding:
    """Whether there are keys; what they are is not told."""
    provider = params.crawl.provider
    missing = [name for name in names if not environment.get(name)]
    if missing:
        return wrong("keys", f"crawl.provider {provider} needs {' and '.join(missing)}",
                     "set them in the environment: docs/how-to/crawl-naver.md")  # fmt: skip
    if provider != "demo" and not params.crawl.contact:
        return wrong("keys", f"crawl.provider {provider} needs crawl.contact",
                     "set it in params.yaml to a mail address or page")  # fmt: skip
    return ok("keys", f"{' and '.join(names)} are set" if names else f"{provider} needs none")


def _room(folder: Path, params: Params, run_bytes: Callable[[Params], int]) -> Finding:
    """Room on the disk against what may come; images that curation leaves out are counted, too."""
    free = bytes_in_words(free_at(folder))
    try:
        run = run_bytes(params)
    except ImportError:
        return note("disk", f"{free} free; what a training takes is unknown", "install PyTorch first")
    images = params.crawl.max_products
    raw = images * RAW_BYTES if params.crawl.provider != "demo" else 0
    curated = int(images * params.curate.resolution**2 * 3 * LEVELS)
    most = TWICE * (raw + curated) + (1 + TWICE) * run
    said = (
        f"{free} free; at most {bytes_in_words(most)} needed ({images:,} images, "
        f"{bytes_in_words(run)} of a training, DVC's copies)"
    )
    if most > free_at(folder):
        return note("disk", said, "free some, lower crawl.max_products, or set train.keep_snapshots")
    return ok("disk", said)
