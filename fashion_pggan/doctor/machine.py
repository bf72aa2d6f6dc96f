"""The machine: Python, cores, memory, processor, GPU."""

import json
import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

import psutil

from fashion_pggan.cores import free_cores, usable_cores
from fashion_pggan.doctor.finding import Finding, note, ok, wrong
from fashion_pggan.doctor.programs import answer_of
from fashion_pggan.errors import bytes_in_words
from fashion_pggan.params import Params
from fashion_pggan.provenance import CPU_FACTS, NAME

LITTLE = 2e9  # bytes; the demo's training takes about 1 GB
HALF_PRECISION = {"avx512_bf16", "amx_bf16", "bf16"}  # instructions for bfloat16, as Linux names them
# in a process of its own: a broken installation can end the one that imports it
TORCH = """
import json, torch
devices = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
print(json.dumps({"version": torch.__version__, "cuda": torch.version.cuda, "devices": devices}))
"""


def of_machine(params: Params | None) -> Iterator[Finding]:
    """All findings about the machine; `params`: what is to run there."""
    yield _python()
    yield from (_cores(), _memory(), _processor())
    yield from _torch(params)


def _python() -> Finding:
    here = platform.python_version()
    try:
        wanted = metadata(NAME)["Requires-Python"]
    except PackageNotFoundError:
        return wrong("Python", f"{here}; {NAME} is not installed in it", "run make environment")
    least = re.search(r">=\s*([\d.]+)", wanted)
    if least and sys.version_info < tuple(int(part) for part in least[1].split(".")):
        return wrong("Python", f"{here}, but {wanted} is needed", "make environment PYTHON=python3.11")
    return ok("Python", f"{here}, {platform.system()} on {platform.machine()}")


def _cores() -> Finding:
    usable, free = usable_cores(), free_cores()
    load = os.getloadavg()[0]
    said = f"{usable} of {os.cpu_count()} usable, {free} free now, load {load:.1f}"
    if free < usable:
        return note("cores", said, "a training takes the free ones, and looks again at each checkpoint")
    return ok("cores", said)


def _memory() -> Finding:
    memory = psutil.virtual_memory()
    said = f"{bytes_in_words(memory.available)} of {bytes_in_words(memory.total)} free"
    if memory.available < LITTLE:
        return note("memory", said, f"end other programs: the demo wants about {bytes_in_words(LITTLE)}")
    return ok("memory", said)


def _processor() -> Finding:
    flags = _flags(CPU_FACTS)
    has = sorted(flags & HALF_PRECISION)
    if not flags:
        return ok("processor", f"{platform.machine()}, its instructions are not listed here")
    if has:
        return ok("processor", f"computes in bfloat16 ({', '.join(has)}): train.precision bfloat16 is faster")
    return ok("processor", "has no instructions for bfloat16: train.precision float32 is faster")


def _flags(facts: Path) -> set[str]:
    """The names of a processor's instructions; empty where the system does not list them."""
    if not facts.is_file():
        return set()
    lines = facts.read_text(encoding="utf-8", errors="replace").splitlines()
    named = (line.partition(":")[2] for line in lines if line.startswith(("flags", "Features")))
    return set(next(named, "").split())


def _torch(params: Params | None) -> Iterator[Finding]:
    answer = answer_of([sys.executable, "-c", TORCH])
    if answer is None:
        yield wrong("PyTorch", "cannot be imported", "install it: docs/how-to/install-torch.md")
        return
    facts = json.loads(answer.splitlines()[-1])
    yield ok(
        "PyTorch", f"{facts['version']}, {'for CUDA ' + facts['cuda'] if facts['cuda'] else 'CPU alone'}"
    )
    yield _gpu(facts, params.train.processes if params else 1)


def _gpu(facts: dict[str, Any], processes: int) -> Finding:
    devices = facts["devices"]
    seen = _driver()
    if seen and not devices:
        why = "PyTorch is a build for CPUs" if not facts["cuda"] else "PyTorch cannot use it with this driver"
        return note("GPU", f"{seen}, but {why}", "install another build: docs/how-to/install-torch.md")
    if not devices:
        said = "none: training runs on the processor"
        if processes > 1:
            return note("GPU", said, f"train.processes is {processes}: use 1, unless there are as many GPUs")
        return ok("GPU", said)
    said = f"{', '.join(devices)}{f' ({seen})' if seen else ''}"
    if processes > len(devices):
        return wrong("GPU", said, f"train.processes is {processes}: lower it to {len(devices)}")
    return ok("GPU", said)


def _driver() -> str:
    """What NVIDIA's own program says: `NVIDIA H100, driver 580.1`; empty without it."""
    if not shutil.which("nvidia-smi"):
        return ""
    rows = answer_of(["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"])
    if not rows:
        return ""
    name, _, driver = rows.splitlines()[0].partition(",")
    return f"{name.strip()}, driver {driver.strip()}"
