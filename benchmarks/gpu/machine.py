"""`python -m benchmarks.gpu.machine`: what the machine is, and whether it holds what the steps import."""

import importlib
import os
import platform
import subprocess
import sys

# What a machine with PyTorch is taken to hold. All else travels as wheels (`benchmarks.gpu.prepare`).
ASSUMED = {
    "torch": "torch",
    "numpy": "numpy",
    "PIL": "pillow",
    "cv2": "opencv-python-headless",
    "jinja2": "jinja2",
    "matplotlib": "matplotlib",
    "psutil": "psutil",
    "pyarrow": "pyarrow",
    "pygments": "pygments",
    "markdown_it": "markdown-it-py",
    "safetensors": "safetensors",
    "scipy": "scipy",
    "tensorboard": "tensorboard",
    "tqdm": "tqdm",
    "yaml": "pyyaml",
    "hypothesis": "hypothesis",
    "pytest": "pytest",
    "pytest_timeout": "pytest-timeout",
}


def main() -> None:
    """Print the machine in a line, then each package's version; end with 1 where one is missing."""
    import torch

    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "no CUDA device"
    commit = os.environ.get("CARRIED_COMMIT", "unknown")  # git may be missing here
    print(f"{device}, torch {torch.__version__}, Python {platform.python_version()}, commit {commit}")
    missing = []
    for module, package in ASSUMED.items():
        try:
            print(package, getattr(importlib.import_module(module), "__version__", ""))
        except ImportError as error:
            missing.append(f"{package} ({error})")
    sys.stdout.flush()
    if torch.cuda.is_available():
        subprocess.run(["nvidia-smi"], check=False)
    if missing:
        sys.exit(f"error: this machine lacks {', '.join(missing)}: add them to benchmarks/gpu/prepare.py")


if __name__ == "__main__":
    main()
