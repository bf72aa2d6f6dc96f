"""The pipeline's results through a DVC remote on an S3-compatible server: docs/how-to/dvc-remote.md."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.running import output_of

REPOSITORY = Path(__file__).parents[1]
NAMES = (
    "crawler",
    "curate",
    "demo_shop",
    "fashion_pggan",
    "vocabularies",
    "classifiers",
    "evaluate",
    "generate",
    "train",
)
SMALL = {"max_products: 1000": "max_products: 40", "shop_products: 900": "shop_products: 40"}


class Clone:
    """A clone of the repository, and how to run things in it."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        self.folder = folder
        self.endpoint = endpoint

    def run(self, *command: str, status: int = 0) -> str:
        keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "a-key")
        own = {**keys, "AWS_DEFAULT_REGION": "us-east-1", "PYTHONPATH": str(self.folder)}
        return output_of(command, self.folder, status=status, environment={**os.environ, **own})

    def dvc(self, *words: str, status: int = 0) -> str:
        return self.run(sys.executable, "-m", "dvc", *words, status=status)

    def commit(self) -> None:
        self.run("git", "add", "--all")
        self.run("git", "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "-m", "a")

    def images(self) -> dict[str, bytes]:
        folder = self.folder / "data/raw/shards"
        return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def first(tmp_path: Path, endpoint: str) -> Clone:
    """The repository with the stages' real code, a small demo, and a remote on S3."""
    import boto3

    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        region_name="us-east-1",
    )
    client.create_bucket(Bucket="pipeline")
    clone = Clone(tmp_path / "first", endpoint)
    for name in NAMES:
        shutil.copytree(REPOSITORY / name, clone.folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in (
        "dvc.yaml",
        ".dvcignore",
        ".gitignore",
        "datasheet.yaml",
        "overrides.csv",
        "tombstones.jsonl",
        "pyproject.toml",
    ):
        shutil.copy(REPOSITORY / name, clone.folder / name)
    (clone.folder / ".dvc").mkdir()
    for name in ("config", ".gitignore"):
        shutil.copy(REPOSITORY / ".dvc" / name, clone.folder / ".dvc" / name)
    params = (REPOSITORY / "params.yaml").read_text()
    for value, small in SMALL.items():
        assert value in params
        params = params.replace(value, small)
    (clone.folder / "params.yaml").write_text(params)
    clone.run("git", "init", "--quiet")
    clone.dvc("remote", "add", "--default", "storage", "s3://pipeline/fashion-pggan")
    clone.dvc("remote", "modify", "storage", "verify", "true")
    clone.dvc("remote", "modify", "--local", "storage", "endpointurl", endpoint)
    return clone


@pytest.mark.slow
def test_a_second_clone_takes_everything_from_s3_and_runs_nothing(first: Clone, tmp_path: Path) -> None:
    first.dvc("repro", "curate")
    first.commit()
    first.dvc("push", "--run-cache")
    first.run("git", "clone", "--quiet", ".", str(tmp_path / "second"))
    second = Clone(tmp_path / "second", first.endpoint)
    second.dvc("remote", "modify", "--local", "storage", "endpointurl", first.endpoint)
    said = second.dvc("repro", "--pull", "curate")
    assert "Running stage" not in said
    assert second.images() == first.images() != {}
    assert "up to date" in second.dvc("status", "curate")
    assert not (second.folder / "runs").exists()
    assert "a-key" not in (second.folder / ".dvc/config").read_text()  # no key was written down
