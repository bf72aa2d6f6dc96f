"""The page's server: on loopback only; it changes overrides.csv alone, for those who have the page's key."""

import asyncio
import secrets

from aiohttp import web

from curate.browse.dataset_view import Gallery
from fashion_pggan.answering import PageAnswers, guarded
from fashion_pggan.errors import UserError, one_line
from fashion_pggan.storage.bounded.json_text import json_in

PAGES = {
    "/": ("index.html", "text/html"),
    "/browse.js": ("browse.js", "text/javascript"),
    "/browse.css": ("browse.css", "text/css"),
}
KEY = "X-Key"  # header of a request that changes something
LONGEST = 4096  # bytes of such a request


def application(gallery: Gallery, key: str) -> web.Application:
    """The server of a gallery.

    Args:
        gallery: what it shows.
        key: that a request must have to change something; the page's address holds it.
    """
    answers = _Answers(gallery, key)
    app = web.Application(middlewares=[guarded], client_max_size=LONGEST)
    app.add_routes([web.get(path, answers.page) for path in PAGES])
    app.add_routes([web.get("/about", answers.about), web.get("/images", answers.images)])
    app.add_routes([web.get(r"/image/{sha256:[0-9a-f]{64}}.png", answers.image)])
    app.add_routes([web.post("/decision", answers.decision)])
    app.on_cleanup.append(answers.close)
    return app


class _Answers(PageAnswers):
    """Answers requests; images are decoded in threads, decisions written one at a time."""

    def __init__(self, gallery: Gallery, key: str) -> None:
        super().__init__(__package__, PAGES)
        self.gallery, self.key, self.writing = gallery, key, asyncio.Lock()

    async def about(self, request: web.Request) -> web.Response:
        return web.json_response(self.gallery.about())

    async def images(self, request: web.Request) -> web.Response:
        asked = {name: request.query.get(name, "") for name in ("outcome", "style", "score", "down", "start")}
        start = asked["start"] or "0"
        if not (start.isascii() and start.isdigit() and len(start) < 10):
            raise UserError(f"start {start[:20]!r} is not a whole number: give the number of images before")
        return web.json_response(
            self.gallery.page(
                asked["outcome"], asked["style"], asked["score"], down=bool(asked["down"]), start=int(start)
            )
        )

    async def image(self, request: web.Request) -> web.Response:
        png = await self.compute(self.gallery.png, request.match_info["sha256"])
        return web.Response(body=png, content_type="image/png")

    async def decision(self, request: web.Request) -> web.Response:
        if not secrets.compare_digest(request.headers.get(KEY, "").encode(), self.key.encode()):
            raise web.HTTPForbidden(reason="open the address that the command printed: its key is missing")
        try:
            said = json_in((await request.read()).decode(errors="replace"))
        except ValueError as error:
            raise UserError(f"a decision is JSON ({one_line(error)}): give an object") from error
        if not isinstance(said, dict) or not all(isinstance(value, str) for value in said.values()):
            raise UserError("a decision is not an object of texts: give sha256, decision and reason")
        given = [said.get(name, "") for name in ("sha256", "decision", "reason")]
        async with self.writing:
            return web.json_response(await self.compute(self.gallery.decide, *given))
