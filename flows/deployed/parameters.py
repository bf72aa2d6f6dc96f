"""The parameters of the full flow: what a form shows, and what they stand for."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from fashion_pggan.doctor.programs import answer_of
from fashion_pggan.errors import UserError
from fashion_pggan.params.set_param import overrides
from fashion_pggan.paths import here_or_shipped
from flows.reproduction import PARAMS

PRESETS = here_or_shipped(Path("presets"))
HERE = PARAMS.name  # in place of a preset's name
CPU, AUTO, CUDA = "cpu", "auto", "cuda:"

Stage = Literal["crawl", "curate", "train", "evaluate", "generate"]
Preset = Annotated[
    str, Field(json_schema_extra={"enum": [HERE, *sorted(path.stem for path in PRESETS.glob("*.yaml"))]})
]
# without brackets: Prefect shows a refused value beside its pattern, and leaves out what is in brackets
Setting = Annotated[str, Field(pattern=r"^\w+\.\w+=", examples=["train.total_kimg=50.0"])]
Processes = Annotated[int | None, Field(ge=1)]
Count = Annotated[int, Field(ge=0)]
Device = Annotated[str, Field(pattern=r"^(auto|cpu|cuda:\d+(,\d+)*)$", examples=["cuda:0,1"])]


def changed(preset: str, settings: tuple[str, ...], labels: bool | None, processes: int | None) -> list[str]:
    """What a run changes of params.yaml, as overrides for `dvc exp run --set-param`.

    Raises:
        UserError: no such preset, or no valid parameters.
    """
    named = {"labels": labels, "processes": processes}
    more = {name: str(value).lower() for name, value in named.items() if value is not None}
    if twice := [name for name in more if any(each.startswith(f"train.{name}=") for each in settings)]:
        raise UserError(f"settings and {twice[0]} both say train.{twice[0]}: leave one of them out")
    given = [*settings, *(f"train.{name}={value}" for name, value in more.items())]
    if preset == HERE and not given:
        return []  # the stages say themselves what is wrong with params.yaml
    return overrides(PARAMS, PRESETS, "" if preset == HERE else preset, given)


def use_device(device: str) -> None:
    """Have this process's stages see some GPUs alone.

    Args:
        device: auto: all of them; cpu: none; cuda:N or cuda:N,M: those that nvidia-smi numbers so.

    Raises:
        UserError: this machine has no such GPU.
    """
    if device == AUTO:
        return
    wanted = [] if device == CPU else device.removeprefix(CUDA).split(",")
    here = (answer_of(["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"]) or "").split()
    if missing := [number for number in wanted if number not in here]:
        raise UserError(
            f"device {device}: this machine has no GPU {', '.join(missing)} "
            f"(nvidia-smi names {', '.join(here) or 'none'}): give auto or cpu"
        )
    os.environ |= {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": ",".join(wanted)}
