"""`fashion-pggan demo-shop …`, or `python -m demo_shop …`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from fashion_pggan.command.options import OptionalCount, OptionalOutputFile, Port, at_least
from fashion_pggan.errors import ArgumentError

PORT = 8765


def demo_shop(
    *,
    host: str = "127.0.0.1",
    port: Port = PORT,
    products: Annotated[int, Parameter(validator=at_least(0))] = 900,
    repeat: OptionalCount = None,
    image_bytes: Annotated[int | None, Parameter(validator=at_least(4000))] = None,
    images: Path | None = None,
    labels: Path | None = None,
    public_url: str = "",
    tls: OptionalOutputFile = None,
    faults: str | None = None,
    sites: OptionalOutputFile = None,
) -> None:
    """Serve a small shop with the search API on loopback: drawn garments, or a folder's images.

    For example:
        fashion-pggan demo-shop --products 100
        fashion-pggan demo-shop --images photos --port 0

    Args:
        host: the address to listen at, of this machine alone.
        port: 0: any free one.
        products: garments to draw.
        repeat: draw only so many garments, and repeat them under noise.
        image_bytes: repeat garments with the same pixels, in files of this size.
        images: a folder to serve instead of drawn garments.
        labels: a CSV file with the columns file,label; FOLDER.csv by default.
        public_url: what links begin with; the address asked by default.
        tls: speak https, and write the certificate to this file.
        faults: SEED[,NAME=VALUE...]: fail as the worst hosts do (docs/reference/fault-shop.md).
        sites: with faults: play other sites by https, too, and write their certificates to this file.
    """
    from demo_shop.faulty.faults import Faults
    from demo_shop.serving import catalogue_of, serve
    from fashion_pggan.loopback import check_loopback

    check_loopback(host)
    if sites and not faults:
        raise ArgumentError("--sites: other sites are a part of the faults: give --faults SEED, too")
    failing = Faults.parse(faults, sites=sites is not None) if faults else None
    catalogue = catalogue_of(images, labels, products, repeat, image_bytes)
    serve(catalogue, host, port, url=public_url, faults=failing, tls=tls, sites=sites)
