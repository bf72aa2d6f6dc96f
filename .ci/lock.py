"""`python .ci/lock.py RESOLVED`: what uv resolved, with hashes, as locked/*.txt and constraints.txt."""

import re
import sys
from pathlib import Path

LOCKED = Path("locked")
ENVIRONMENT = """\
# Every package of the environment except PyTorch, with hashes of all its files on PyPI: make environment
# installs no others. The same versions without hashes: constraints.txt. Written by: make lock
"""
TORCH = """\
# PyTorch, with the hashes of all its files on PyPI and of those in builds.txt. Written by: make lock
"""
CUDA = """\
# Packages that only PyPI's CUDA build of PyTorch needs: make environment adds them.
# Written by: make lock
"""
PINS = """\
# Exact versions that are tested together, by hand: pip install -c constraints.txt -e '.[onnx]'.
# The same with hashes, for make environment: locked/. Written by: make lock
"""


def main(resolved: Path) -> None:
    """Write the files."""
    packages = re.split(r"\n(?=\S)", resolved.read_text().strip())
    torch = [each for each in packages if each.startswith("torch==")]
    cuda = [each for each in packages if re.match(r"(nvidia|cuda)-|triton==", each)]
    rest = [each for each in packages if each not in (*torch, *cuda)]
    builds = _builds(torch[0].split()[0])
    pins = [each.split(" \\\n")[0] for each in sorted((*rest, *torch))]
    _write(LOCKED / "environment.txt", ENVIRONMENT, rest)
    _write(LOCKED / "torch.txt", TORCH, [" \\\n    ".join([*torch, *builds])])
    _write(LOCKED / "cuda.txt", CUDA, cuda)
    _write(Path("constraints.txt"), PINS, pins)


def _builds(torch: str) -> list[str]:
    """The hashes in builds.txt of this version of PyTorch."""
    lines = LOCKED.joinpath("builds.txt").read_text().splitlines()
    return [line.split()[1] for line in lines if line.startswith(f"{torch} ")]


def _write(path: Path, head: str, lines: list[str]) -> None:
    path.write_text(head + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
