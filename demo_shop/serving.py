"""The shop as a server: a catalogue, the faults it plays, the address it answers at."""

import asyncio
import contextlib
import socket
import ssl
from contextlib import AsyncExitStack
from pathlib import Path

from aiohttp import web

from demo_shop.certificate import context_of, new_certificate, new_pair, write_trusted
from demo_shop.faulty.answers import TRAP
from demo_shop.faulty.faults import SITES, Faults
from demo_shop.faulty.proxy import proxy_to
from demo_shop.faulty.shop import FaultyShop
from demo_shop.goods.catalogue import Catalogue, Folder
from demo_shop.goods.drawn import Drawn
from demo_shop.goods.repeated import Repeated, Stamped
from demo_shop.server import Shop
from fashion_pggan.answering import answering, told_to_stop
from fashion_pggan.errors import UserError

GARMENTS = 16  # that are repeated in files of a given size


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
    catalogue: Catalogue,
    host: str,
    port: int,
    *,
    url: str,
    faults: Faults | None,
    tls: Path | None,
    sites: Path | None,
) -> None:
    """Serve a catalogue until told to stop.

    Args:
        catalogue: what the shop sells.
        host: the address to listen at.
        port: 0: any free one.
        url: what links begin with; empty: the address asked.
        faults: how to fail; None: not at all.
        tls: the file for a new certificate, to speak https; None: speak http.
        sites: the file for certificates of other sites; None: there are none.

    Raises:
        UserError: the port is in use.
    """
    shop = FaultyShop(catalogue, faults, url) if faults else Shop(catalogue, url)
    asyncio.run(_serve(shop, host, port, new_certificate(tls) if tls else None, sites))


async def _serve(shop: Shop, host: str, port: int, tls: ssl.SSLContext | None, sites: Path | None) -> None:
    async with answering(shop.application()) as runner, AsyncExitStack() as opened:
        site = web.TCPSite(runner, host, port, ssl_context=tls)
        try:
            await site.start()
        except OSError as error:
            raise UserError(
                f"--port {port}: {error.strerror}: give another, or 0 for any free one"
            ) from error
        assert runner.addresses
        port = runner.addresses[0][1]
        name = f"[{host}]" if ":" in host else host
        place = f"{'https' if tls else 'http'}://{name}:{port}"
        if isinstance(shop, FaultyShop):
            with contextlib.suppress(OSError):  # some systems have only 127.0.0.1
                await web.TCPSite(runner, TRAP, port, ssl_context=tls).start()
            if sites:
                shop.proxy = await opened.enter_async_context(proxy_to(await _other_sites(runner, sites)))
        stopped = asyncio.create_task(told_to_stop())
        await asyncio.sleep(0)  # so that a signal is heard once the address is known
        with contextlib.suppress(BrokenPipeError):
            print(f"demo shop: {len(shop.catalogue)} products at {place}", flush=True)
            if isinstance(shop, FaultyShop) and shop.proxy:
                print(f"other sites: https_proxy={shop.proxy} SSL_CERT_FILE={sites}", flush=True)
        await stopped


async def _other_sites(runner: web.AppRunner, trusted: Path) -> dict[str, int]:
    """Start the sites that have certificates of their own; returns their ports by name."""
    pairs = {
        kind: new_pair(
            [name if kind != "other_name" else "elsewhere.example"], -1 if kind == "expired" else 1
        )
        for kind, name in SITES.items()
    }
    write_trusted(trusted, [public for kind, (public, _) in pairs.items() if kind != "self_signed"])
    ports = {}
    for kind, pair in pairs.items():
        listening = socket.create_server(("127.0.0.1", 0))
        ports[SITES[kind]] = listening.getsockname()[1]
        await web.SockSite(runner, listening, ssl_context=context_of(*pair)).start()
    return ports
