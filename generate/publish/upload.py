"""Uploads a folder that this program made to Hugging Face, as one commit."""

import logging
import re
from pathlib import Path

from fashion_pggan.errors import UserError, one_line
from fashion_pggan.storage.bounded.plain_file import read_text
from fashion_pggan.storage.proof.folder_mark import MARK, check_unchanged, kind_in

TYPES = {"a model to publish": "model", "a generated dataset": "dataset", "an export": "dataset"}
NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
CARD = "README.md"
LICENSED = re.compile(r"\A---\n(?:.*\n)*?license: *\S")


def upload_folder(folder: Path, repo: str, licence: str = "", *, private: bool = False) -> str:
    """Upload all files that the folder's mark lists; returns the address of the commit.

    Args:
        folder: what `publish model`, `generate` or `curate export` made.
        repo: USER/NAME.
        licence: for a card that names none.
        private: whether a new repository is for its owner alone.

    Raises:
        UserError: the folder is another one or has changed, its card names no licence, or the server refuses.
    """
    if not NAME.fullmatch(repo):
        raise UserError(f"--repo {repo}: give USER/NAME, such as me/tops")
    kind, names = _checked(folder)
    card = _card(folder, licence)
    try:
        from huggingface_hub import CommitOperationAdd, HfApi
    except ImportError as error:
        raise UserError(
            "huggingface_hub is not installed: install the extra hub (docs/how-to/publish.md)"
        ) from error
    files = [CommitOperationAdd(name, folder / name) for name in names if name != CARD]
    _silence_requests()
    api = HfApi()
    try:
        api.create_repo(repo, repo_type=kind, private=private, exist_ok=True)
        made = api.create_commit(
            repo,
            [*files, CommitOperationAdd(CARD, card.encode())],
            commit_message="Upload by fashion-pggan",
            repo_type=kind,
        )
    except Exception as error:  # those of its HTTP library too, whichever that is
        raise UserError(
            f"{repo} cannot be uploaded ({one_line(error)}): check the name, and the "
            "token (hf auth login, or HF_TOKEN), which must be allowed to write"
        ) from error
    return str(made.commit_url)


def _silence_requests() -> None:
    """At INFO the client's HTTP library logs every request."""
    for name in ("httpx", "httpx2"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _checked(folder: Path) -> tuple[str, list[str]]:
    """The type of repository, and the files."""
    try:
        kind = kind_in(folder)
    except FileNotFoundError:
        kind = ""
    if kind not in TYPES:
        raise UserError(
            f"{folder} is {kind or 'no folder of this program'}: give what publish model, generate or curate "
            "export made"
        )
    names = check_unchanged(folder, CARD) - {MARK}
    here = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    if more := sorted(here - names - {MARK}):
        raise UserError(f"{folder / more[0]} is not part of what was made: move it away")
    return TYPES[kind], sorted(names)


def _card(folder: Path, licence: str) -> str:
    text = read_text(folder / CARD)
    if LICENSED.match(text):
        if licence:
            raise UserError(f"{folder / CARD} names a licence already: leave --licence out")
        return text
    if not licence:
        raise UserError(f"{folder / CARD} names no licence: give --licence, such as cc0-1.0 or other")
    return text.replace("---\n", f"---\nlicense: {licence}\n", 1)
