"""The explorer's server: on loopback only, read-only, and it checks every request."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from typing import Any, TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import ValidationError

from fashion_pggan.errors import UserError
from fashion_pggan.loopback import refusal
from fashion_pggan.params.wording import advice_on
from generate.explore.scene import Scene
from generate.sampling.recipe import Place

LOOPBACK = "127.0.0.1"
PAGES = {
    "/": ("index.html", "text/html"),
    "/explore.js": ("explore.js", "text/javascript"),
    "/explore.css": ("explore.css", "text/css"),
}
NUMBERS = frozenset({"seed", "latent_index", "other_index", "share", "truncation"})
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
THREADS = 2  # requests computed at once

T = TypeVar("T")


def place_of(query: Mapping[str, str]) -> Place:
    """The place that a request asks for: numbers by name, `moves` as numbers separated by commas.

    Raises:
        UserError: a setting is missing, unknown, or out of its range.
    """
    unknown = sorted(set(query) - NUMBERS - {"moves"})
    if unknown:
        raise UserError(f"unknown setting {', '.join(unknown)[:80]}: remove it")
    values: dict[str, Any] = {name: value for name, value in query.items() if name != "moves"}
    moves = query.get("moves", "")
    try:
        return Place.model_validate(values | {"moves": moves.split(",") if moves else []})
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, one['loc']))}: {advice_on(one)}" for one in error.errors()]
        raise UserError("; ".join(wrong)) from error


def application(scene: Scene) -> web.Application:
    """The server of a scene."""
    pool = ThreadPoolExecutor(THREADS, "explore")
    pages = {path: files(__package__).joinpath(name).read_bytes() for path, (name, _) in PAGES.items()}

    async def compute(work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(pool, lambda: work(*arguments))

    async def page(request: web.Request) -> web.Response:
        return web.Response(body=pages[request.path], content_type=PAGES[request.path][1], charset="utf-8")

    async def about(request: web.Request) -> web.Response:
        return web.json_response(await compute(scene.about))

    async def image(request: web.Request) -> web.Response:
        png = await compute(scene.png, place_of(request.query).model_dump_json())
        return web.Response(body=png, content_type="image/png")

    async def recipe(request: web.Request) -> web.Response:
        text = scene.recipe(place_of(request.query)).model_dump_json(indent=1) + "\n"
        return web.Response(text=text, content_type="application/json")

    async def near(request: web.Request) -> web.Response:
        return web.json_response(await compute(scene.near, place_of(request.query).model_dump_json()))

    async def training(request: web.Request) -> web.Response:
        png = await compute(scene.training_png, int(request.match_info["index"]))
        return web.Response(body=png, content_type="image/png")

    async def closed(app: web.Application) -> None:
        pool.shutdown(wait=False, cancel_futures=True)

    app = web.Application(middlewares=[_guarded])
    app.add_routes([web.get(path, page) for path in PAGES])
    app.add_routes([web.get("/about", about), web.get("/image.png", image)])
    app.add_routes([web.get("/recipe.json", recipe), web.get("/near", near)])
    app.add_routes([web.get(r"/training/{index:\d{1,9}}.png", training)])
    app.on_cleanup.append(closed)
    return app


@web.middleware
async def _guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what a page of another site sends, and tell the reasons of what fails."""
    if why := refusal(request.method, request.headers):
        return _refused(403, why)
    try:
        answer = await handler(request)
    except UserError as error:
        return _refused(400, str(error))
    except web.HTTPException as error:
        return _refused(error.status, error.reason)
    except Exception:
        logging.getLogger(__name__).exception("explorer")
        return _refused(500, "the program failed: see the terminal that it runs in")
    answer.headers.update(HEADERS)
    return answer


def _refused(status: int, text: str) -> web.Response:
    return web.json_response({"error": text}, status=status, headers=HEADERS)
