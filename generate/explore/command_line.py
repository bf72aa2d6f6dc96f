"""`fashion-pggan explore …`, or `python -m generate.explore …`."""

from pathlib import Path

from fashion_pggan.command.options import Device, Port

PORT = 8807


def explore(
    snapshot: Path = Path("models"),
    /,
    *,
    data: Path = Path("data/curated"),
    port: Port = PORT,
    device: Device = "auto",
) -> None:
    """Open a page on this machine to explore a snapshot's latent space; serves until interrupted.

    For example:
        fashion-pggan explore models --data data/curated

    Args:
        snapshot: a .safetensors file, or a folder of models.
        data: the training dataset.
        port: of the page; 0: a free one.
        device: auto, cpu, cuda or cuda:N.
    """
    from generate.explore.session import open_page

    open_page(snapshot, data, port, device)
