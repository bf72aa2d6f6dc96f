"""What all tests share."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

if "PYTEST_XDIST_WORKER" in os.environ:  # a worker per core: more threads would only wait for each other
    for library in ("OMP", "OPENBLAS", "MKL"):  # which read these when they are first imported
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a shell's background; tests send it
    signal.signal(signal.SIGINT, signal.default_int_handler)

import numpy as np
import pytest
from hypothesis import settings

# The machines that run this are shared: how long an example takes says nothing.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests leave the user's cache folder alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data beside the repository; tests that want it are skipped where it is not.

    REFERENCE_DATA names another one (benchmarks/gpu.sh).
    """
    folder = Path(os.environ.get("REFERENCE_DATA") or REPOSITORY.parent / "shared")
    if not folder.is_dir():
        pytest.skip("needs the reference data in ../shared")
    return folder


# Warnings within these packages depend on the machine and its versions: no error in a test on a GPU.
OTHERS = ("torch", "triton", "numpy")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let other packages warn in tests on a GPU."""
    for item in items:
        if item.get_closest_marker("gpu"):
            for package in OTHERS:
                item.add_marker(pytest.mark.filterwarnings(rf"ignore:::{package}\b"))


@pytest.fixture
def gpu() -> Any:
    """The CUDA device; where GPU_TESTS_ON is cpu, as in a rehearsal (benchmarks/gpu.sh), the CPU instead."""
    import torch

    if os.environ.get("GPU_TESTS_ON") == "cpu":
        return torch.device("cpu")
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    return torch.device("cuda:0")


@pytest.fixture
def real_gpu(gpu: Any) -> Any:
    """The CUDA device, for what the CPU cannot stand in for."""
    if gpu.type != "cuda":
        pytest.skip("needs a CUDA device")
    return gpu


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """The address of an S3-compatible server on loopback."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    endpoint = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for _ in range(200):
        try:
            urllib.request.urlopen(f"{endpoint}/moto-api/", timeout=1).close()
            break
        except OSError:
            time.sleep(0.1)
    yield endpoint
    server.terminate()
    server.wait()


def images_of(count: int, resolution: int, seed: int) -> np.ndarray:
    """Images with structure at all scales: (n, r, r, 3) uint8."""
    random = np.random.default_rng(seed)
    out = np.zeros((count, resolution, resolution, 3))
    side = 2
    while side <= resolution:
        rough = random.normal(0, 22, (count, side, side, 3))
        out += rough.repeat(resolution // side, axis=1).repeat(resolution // side, axis=2)
        side *= 2
    return np.clip(np.rint(out + 128), 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def make_images() -> Callable[[int, int, int], np.ndarray]:
    return images_of
