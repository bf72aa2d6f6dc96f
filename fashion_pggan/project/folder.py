"""Makes a folder that `dvc repro` runs in, for a program that is installed and no repository."""

import hashlib
import io
import logging
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from fashion_pggan.errors import UserError
from fashion_pggan.params.preset import preset_text
from fashion_pggan.paths import PROGRAM
from fashion_pggan.program import hash_of, meaning_of, program_of
from fashion_pggan.provenance import PACKAGES, commit_of
from fashion_pggan.storage.bounded.plain_file import read_text
from fashion_pggan.storage.files import write_text

FILES = Path(__file__).parent / "files"  # links to those of the repository; a wheel holds what they lead to
COPIED = {  # by its name in the folder
    ".dvc/.gitignore": FILES / "dvc-gitignore",
    ".dvc/plots/counts.json": FILES / "plots/counts.json",
    ".dvc/plots/distances.json": FILES / "plots/distances.json",
    ".gitignore": FILES / "gitignore",
    "classifiers/clip.yaml": PROGRAM / "classifiers/clip.yaml",
    "datasheet.yaml": FILES / "datasheet.yaml",
    "overrides.csv": FILES / "overrides.csv",
    "tombstones.jsonl": FILES / "tombstones.jsonl",
    "vocabularies/tops.yaml": PROGRAM / "vocabularies/tops.yaml",
}
MARK = "program.yaml"
MARKED = "# What the installed program computes, by stage, so that `dvc repro` knows a new version."

log = logging.getLogger(__name__)


def make_folder_to_work_in(folder: Path) -> None:
    """Make a folder of files for `dvc repro`, with the demo's parameters; files of an earlier call stay.

    Args:
        folder: new, empty, or made by this function; program.yaml alone is written again.

    Raises:
        UserError: it holds other files.
    """
    if not _is_ours(folder):
        raise UserError(f"{folder} holds other files: give a new or an empty folder")
    pipeline, programs = _pipeline(read_text(FILES / "pipeline.yaml"))
    texts = {name: read_text(source) for name, source in COPIED.items()}
    texts["dvc.yaml"] = pipeline
    texts["params.yaml"] = preset_text(PROGRAM / "presets", "demo")
    texts[".dvc/config"] = read_text(FILES / "dvc-config").replace("[core]", "[core]\n    no_scm = true", 1)
    mark = folder / MARK
    write_text(mark, "\n".join([MARKED, f"# {commit_of()}", *(f"{k}: {v}" for k, v in programs.items()), ""]))
    for name, text in texts.items():
        if not (folder / name).exists():
            write_text(folder / name, text)


def _is_ours(folder: Path) -> bool:
    """Whether a folder is new, empty, or has our mark."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return True
    mark = folder / MARK
    return mark.is_file() and read_text(mark).startswith(MARKED)


def _pipeline(text: str) -> tuple[str, dict[str, str]]:
    """dvc.yaml without the folders of the program, and a hash of these by stage in their place."""
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 2**16  # long lines stay as they are
    pipeline = yaml.load(text)
    programs = {}
    for name, stage in pipeline["stages"].items():
        code = [path for path in stage["deps"] if path.split("/")[0] in PACKAGES]
        for path in code:
            stage["deps"].remove(path)
        stage["params"].append({MARK: [name]})
        programs[name] = hash_of(*map(_meaning, code))
    out = io.StringIO()
    yaml.dump(pipeline, out)
    return out.getvalue(), programs


def _meaning(path: str) -> Any:
    """What a folder or a module of the program computes, as a short text."""
    place = PROGRAM / path
    if place.is_dir():
        return program_of(path.replace("/", "."))
    return hashlib.sha256(meaning_of(place.name, place.read_bytes())).hexdigest()
