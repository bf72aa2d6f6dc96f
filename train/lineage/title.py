"""A run's title for people: when it began, its preset, and what it has otherwise."""

import struct
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from fashion_pggan.errors import UserError
from fashion_pggan.params import parse_params
from fashion_pggan.params.preset import preset_text
from fashion_pggan.paths import here_or_shipped
from train.lineage.about import FILE, About, read_about
from train.lineage.identity import CLASSES, ORIGIN, Differences, Identity, differences, trained_with

MOST = 3  # parameters that a title names; with more, the run has no preset
TIME = slice(13, 21)  # of the first event in a file of TensorBoard's: a 64-bit float after length and check
DIGITS = 8  # of the run's name

Presets = Mapping[str, Identity]


def presets_here() -> Presets:
    """What trains with each valid preset of this folder, or of those that the program brings along."""
    folder, found = here_or_shipped(Path("presets")), {}
    for path in sorted(folder.glob("*.yaml")):
        with suppress(UserError):
            found[path.stem] = trained_with(parse_params(preset_text(folder, path.stem), str(path)).train)
    return found


def title_of(run: Path, presets: Presets) -> str:
    """A run's title, such as `2026-11-28 13:05 photos seed=7 (990c773b)`.

    Args:
        run: its folder.
        presets: by name; the nearest one is named, with the run's own values where it differs.
    """
    try:
        said = _experiment(read_about(run / FILE), presets)
    except (OSError, ValueError):
        said = ""
    return " ".join(filter(None, [_begun(run), said, f"({run.name[:DIGITS]})"]))


def _experiment(about: About, presets: Presets) -> str:
    found = {name: _changes(preset, about) for name, preset in presets.items()}
    nearest = min(found, key=lambda name: (len(found[name]), len(name)), default="")
    if not nearest or len(found[nearest]) > MOST:
        start = f", from {about.start_from}" if about.start_from else ""
        return f"own parameters, {about.facts.get('resolution', '?')} px{start}"
    return " ".join([nearest, *(f"{name}={value}" for name, (_, value) in found[nearest].items())])


def _changes(preset: Identity, about: About) -> Differences:
    """What a run has otherwise than a preset, of what the parameters say."""
    identity = about.identity | ({"start_from": about.start_from} if about.start_from else {})
    alone = {"processes": preset.get("processes")} if identity["processes"] == 1 else {}
    own = {name: value for name, value in (identity | alone).items() if name in CLASSES and name != ORIGIN}
    return differences(preset, own)


def _begun(run: Path) -> str:
    """When the run began, by this machine's clock; empty where it has no whole file of events."""
    for file in sorted(run.glob("tensorboard/*")):
        with file.open("rb") as events:
            head = events.read(TIME.stop)
        if len(head) == TIME.stop:
            return f"{datetime.fromtimestamp(struct.unpack('<d', head[TIME])[0], UTC).astimezone():%F %H:%M}"
    return ""
