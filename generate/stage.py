"""The generate stage: a snapshot in, a folder of new pictures with a manifest out."""

import json
from collections.abc import Iterator
from pathlib import Path

import torch

from fashion_pggan.files import replace_directory, write_bytes, write_text
from fashion_pggan.manifest import GeneratedPicture
from fashion_pggan.params import GenerateParams
from fashion_pggan.progress import Progress
from generate.sampler import Sampler, snapshots_in
from train.grid import png_of, write_grid

SHEET_COLUMNS = 8
SHEET_PICTURES = 64


def run(
    source: Path,
    target: Path,
    params: GenerateParams,
    *,
    report: Path | None = None,
    device: torch.device | str = "cpu",
) -> int:
    """Write a data set of new pictures, in the ImageFolder form of Hugging Face `datasets`.

    Args:
        source: a snapshot, or a folder of models, of which the most trained is taken.
        target: folder for `images/`, `metadata.jsonl` (a row per picture) and `sheet.png`; replaced whole.
        params: the generate section.
        report: where to write the facts as JSON.
        device: where to compute.

    Returns:
        How many pictures were written.
    """
    snapshot = snapshots_in(source)[-1] if source.is_dir() else source
    sampler = Sampler.load(snapshot, device)
    with replace_directory(target) as building:
        rows = list(_write_pictures(sampler, snapshot.stem, building, params))
        lines = (row.model_dump_json() + "\n" for row in rows)
        write_text(building / "metadata.jsonl", "".join(lines))
        shown = sampler.pictures(params.seed, range(min(SHEET_PICTURES, params.count)))
        write_grid(building / "sheet.png", shown, SHEET_COLUMNS)
    if report:
        facts = {
            "pictures": len(rows),
            "snapshot": snapshot.stem,
            "kimg": sampler.kimg,
            "seed": params.seed,
            "params_hash": sampler.params_hash,
            "dataset_version": sampler.dataset_version,
        }
        write_text(report, json.dumps(facts, indent=1) + "\n")
    return len(rows)


def _write_pictures(
    sampler: Sampler, snapshot: str, folder: Path, params: GenerateParams
) -> Iterator[GeneratedPicture]:
    with Progress("generating", params.count, "pictures") as progress:
        for start in range(0, params.count, params.minibatch):
            indices = range(start, min(start + params.minibatch, params.count))
            for index, pixels in zip(indices, sampler.pictures(params.seed, indices), strict=True):
                name = f"images/{index:06d}.png"
                write_bytes(folder / name, png_of(pixels))
                yield GeneratedPicture(
                    file_name=name,
                    seed=params.seed,
                    latent_index=index,
                    snapshot=snapshot,
                    kimg=sampler.kimg,
                    params_hash=sampler.params_hash,
                    dataset_version=sampler.dataset_version,
                )
            progress.advance(len(indices))
