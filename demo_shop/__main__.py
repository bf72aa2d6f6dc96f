"""`python -m demo_shop`: a shop on loopback, of drawn garments or of a folder's images."""

import argparse
import asyncio
import contextlib
import signal
import ssl
from pathlib import Path

from aiohttp import web

from demo_shop.answers import TRAP
from demo_shop.catalogue import Catalogue, Folder
from demo_shop.certificate import new_certificate
from demo_shop.drawn import Drawn
from demo_shop.faults import Faults
from demo_shop.faulty import FaultyShop
from demo_shop.repeated import Repeated, Stamped
from demo_shop.server import Shop
from fashion_pggan.command import end_with_parent, run_command
from fashion_pggan.errors import UserError

PORT = 8765
GARMENTS = 16  # that are repeated in files of a given size
STOP_S = 2.0  # seconds that answers on their way may take at the end


def main() -> None:
    """Parse the command line and serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m demo_shop", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=PORT, help=f"0: any free one (default: {PORT})")
    parser.add_argument("--products", type=int, default=900, help="garments to draw (default: 900)")
    parser.add_argument("--repeat", type=int, help="draw only so many garments, and repeat them under noise")
    parser.add_argument(
        "--image-bytes", type=int, help="repeat them with the same pixels, in files of this size"
    )
    parser.add_argument("--images", type=Path, help="a folder to serve instead of drawn garments")
    parser.add_argument("--labels", type=Path, help="CSV with the columns file,label (default: FOLDER.csv)")
    parser.add_argument("--public-url", default="", help="what links begin with (default: the address asked)")
    parser.add_argument(
        "--tls", type=Path, metavar="FILE", help="speak https; FILE: its certificate, to write"
    )
    parser.add_argument(
        "--faults", metavar="SEED[,NAME=VALUE...]", help="fail as the worst hosts do (docs/fault-shop.md)"
    )
    parser.add_argument("--end-with-parent", action="store_true", help="end when the starting process ends")
    arguments = parser.parse_args()
    if arguments.end_with_parent:
        end_with_parent()
    faults = Faults.parse(arguments.faults) if arguments.faults else None
    catalogue, url = _catalogue_of(arguments), arguments.public_url
    shop = FaultyShop(catalogue, faults, url) if faults else Shop(catalogue, url)
    tls = new_certificate(arguments.tls) if arguments.tls else None
    asyncio.run(_serve(shop, arguments.host, arguments.port, tls))


def _catalogue_of(arguments: argparse.Namespace) -> Catalogue:
    if arguments.images:
        return Folder(arguments.images, arguments.labels)
    if arguments.products < 0:
        raise UserError(f"--products {arguments.products}: give 0 or more")
    if arguments.image_bytes is not None:
        return Stamped(arguments.products, arguments.repeat or GARMENTS, arguments.image_bytes)
    if arguments.repeat is not None:
        return Repeated(arguments.products, arguments.repeat)
    return Drawn(arguments.products)


async def _serve(shop: Shop, host: str, port: int, tls: ssl.SSLContext | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runner = web.AppRunner(
        shop.application(), access_log=None, handler_cancellation=True, shutdown_timeout=STOP_S
    )
    await runner.setup()
    site = web.TCPSite(runner, host, port, ssl_context=tls)
    try:
        await site.start()
    except OSError as error:
        raise UserError(f"--port {port}: {error.strerror}: give another, or 0 for any free one") from error
    assert runner.addresses
    port = runner.addresses[0][1]
    place = f"{'https' if tls else 'http'}://{host}:{port}"
    if isinstance(shop, FaultyShop):
        with contextlib.suppress(OSError):  # some systems have only 127.0.0.1
            await web.TCPSite(runner, TRAP, port, ssl_context=tls).start()
    with contextlib.suppress(BrokenPipeError):
        print(f"demo shop: {len(shop.catalogue)} products at {place}", flush=True)
    await stop.wait()
    await runner.cleanup()


if __name__ == "__main__":
    run_command(main)
