"""`fashion-pggan publish …`: prepare a model for others, and upload it, or a dataset, to Hugging Face."""

import logging
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from fashion_pggan.command.options import Device
from fashion_pggan.command.roles import Makes

app = App(name="publish")
log = logging.getLogger("generate")


def _is_licence(kind: object, value: str) -> None:
    if value and not value.replace("-", "").replace(".", "").isalnum():
        raise ValueError("give an identifier of Hugging Face, such as cc0-1.0 or other")


Licence = Annotated[str, Parameter(validator=_is_licence)]


@app.default
def publish() -> None:
    """Prepare a model for others, and upload it, or a dataset, to Hugging Face.

    For example:
        fashion-pggan publish model models tops-model --licence cc-by-4.0
        fashion-pggan publish upload tops-model --repo me/tops
    """
    from fashion_pggan.errors import ArgumentError

    raise ArgumentError("publish: give model or upload")


@app.command
def model(
    models: Path,
    out: Annotated[Path, Makes],
    /,
    *,
    licence: Licence,
    reports: Path = Path("reports"),
    params: Path = Path("params.yaml"),
    device: Device = "auto",
    with_critic: bool = False,
) -> None:
    """Make a folder of a generator with a model card, samples, its distances and its parameters.

    For example:
        fashion-pggan publish model models tops-model --licence cc-by-4.0

    Args:
        models: a folder of models (its best snapshot by REPORTS/swd.json, or its last), or a snapshot.
        out: the folder to make; replaced as a whole.
        licence: of the weights, as Hugging Face names it, such as cc0-1.0 or other.
        reports: the folder of the stages' reports; what is missing there is left out.
        params: the parameters of the training; left out where there are none.
        device: auto, cpu, cuda or cuda:N.
        with_critic: add networks.safetensors, from which others can train on (train.start_from).
    """
    from fashion_pggan.devices import device_of
    from generate.publish.model_folder import make_model_folder

    chosen = device_of(device)
    name = make_model_folder(
        models, out, licence, reports=reports, params=params, device=chosen, with_critic=with_critic
    )
    log.info("%s holds %s: read its README.md, then fashion-pggan publish upload %s", out, name, out)


@app.command
def upload(
    folder: Path,
    /,
    *,
    repo: str,
    licence: Licence = "",
    private: bool = False,
) -> None:
    """Upload a model's folder, a generated dataset or an export, whole and unchanged, as one commit.

    The token is that of `hf auth login`, or HF_TOKEN. What is in the repository under other names stays.

    For example:
        fashion-pggan publish upload data/generated --repo me/new-tops --licence cc0-1.0

    Args:
        folder: what `publish model`, `generate` or `curate export` made.
        repo: USER/NAME; made when it is missing.
        licence: for a dataset whose README.md names none.
        private: whether a new repository is for its owner alone.
    """
    from generate.publish.upload import upload_folder

    log.info("%s", upload_folder(folder, repo, licence, private=private))
