"""The commands that belong to no stage: `summary`, `use`, `completion`."""

import logging
from pathlib import Path
from typing import Annotated, Literal

from fashion_pggan.command.options import PARAMS, OutputFile
from fashion_pggan.command.roles import Writes
from fashion_pggan.storage.escaped import printable

log = logging.getLogger(__name__)


def summary(
    reports: Path = Path("reports"),
    /,
    *,
    models: Path = Path("models"),
    generated: Path = Path("data/generated"),
) -> None:
    """Show the results of a run of the pipeline on one screen.

    For example:
        fashion-pggan summary

    Args:
        reports: the folder of the stages' reports.
        models: the train stage's output.
        generated: the generate stage's output.
    """
    from fashion_pggan.summary import Summary, places_of

    print(printable(Summary.read(reports).text(places_of(reports, models, generated))))


def use(
    name: str,
    /,
    *,
    set: tuple[str, ...] = (),  # noqa: A002  # the option's name
    out: Annotated[OutputFile, Writes("crawl", "curate", "train")] = PARAMS,
) -> None:
    """Make a preset the params.yaml; old ones are kept as params.before.yaml, params.before-2.yaml.

    For example:
        fashion-pggan use paper --set crawl.contact=me@example.org
        fashion-pggan use photos --set 'crawl.shop_images="photos"'

    Args:
        name: a file in presets/, without .yaml.
        set: SECTION.KEY=VALUE to change in it; may be repeated.
        out: the file to write.
    """
    from fashion_pggan.params import preset

    log.info(preset.use(name, set, presets=Path("presets"), params=out))


def completion(shell: Literal["bash", "fish", "zsh", "powershell"], /) -> None:
    """Print a script that completes commands and options in a shell.

    For example:
        fashion-pggan completion bash > ~/.local/share/bash-completion/completions/fashion-pggan

    Args:
        shell: for which one.
    """
    from fashion_pggan.command.line import program

    print(program().generate_completion(shell=shell))
