"""The shop as a server: a catalogue, the faults it plays, the address it answers at."""

import asyncio
import contextlib
import logging
import signal
import ssl
from pathlib import Path

from aiohttp import web

from demo_shop.certificate import new_certificate
from demo_shop.faulty.answers import TRAP
from demo_shop.faulty.faults import Faults
from demo_shop.faulty.shop import FaultyShop
from demo_shop.goods.catalogue import Catalogue, Folder
from demo_shop.goods.drawn import Drawn
from demo_shop.goods.repeated import Repeated, Stamped
from demo_shop.server import Shop
from fashion_pggan.errors import UserError
from fashion_pggan.loopback import without_malformed

GARMENTS = 16  # that are repeated in files of a given size
STOP_S = 2.0  # seconds that running answers may take at the end


def catalogue_of(
    images: Path | None, labels: Path | None, products: int, repeat: int | None, image_bytes: int | None
) -> Catalogue:
    """What the shop sells: a folder's images, or garments that are drawn."""
    if images:
        return Folder(images, labels)
    if image_bytes is not None:
        return Stamped(products, repeat or GARMENTS, image_bytes)
    return Drawn(products) if repeat is None else Repeated(products, repeat)


def serve(
    catalogue: Catalogue, host: str, port: int, *, url: str, faults: Faults | None, tls: Path | None
) -> None:
    """Serve a catalogue until told to stop.

    Args:
        catalogue: what the shop sells.
        host: the address to listen at.
        port: 0: any free one.
        url: what links begin with; empty: the address asked.
        faults: how to fail; None: not at all.
        tls: the file for a new certificate, to speak https; None: speak http.

    Raises:
        UserError: the port is in use.
    """
    shop = FaultyShop(catalogue, faults, url) if faults else Shop(catalogue, url)
    asyncio.run(_serve(shop, host, port, new_certificate(tls) if tls else None))


async def _serve(shop: Shop, host: str, port: int, tls: ssl.SSLContext | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    logging.getLogger("aiohttp.server").addFilter(without_malformed)
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
    name = f"[{host}]" if ":" in host else host
    place = f"{'https' if tls else 'http'}://{name}:{port}"
    if isinstance(shop, FaultyShop):
        with contextlib.suppress(OSError):  # some systems have only 127.0.0.1
            await web.TCPSite(runner, TRAP, port, ssl_context=tls).start()
    with contextlib.suppress(BrokenPipeError):
        print(f"demo shop: {len(shop.catalogue)} products at {place}", flush=True)
    await stop.wait()
    await runner.cleanup()
