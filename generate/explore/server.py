"""The explorer's server: on loopback only, read-only, and it checks every request."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from fashion_pggan.answering import PageAnswers, guarded
from fashion_pggan.errors import UserError
from fashion_pggan.params.wording import advice_on
from generate.explore.scene import Scene
from generate.sampling.recipe import Place

PAGES = {
    "/": ("index.html", "text/html"),
    "/explore.js": ("explore.js", "text/javascript"),
    "/explore.css": ("explore.css", "text/css"),
}
SETTINGS = frozenset({"seed", "latent_index", "other_index", "share", "truncation", "label", "other_label"})


def place_of(query: Mapping[str, str]) -> Place:
    """The place that a request asks for: settings by name, `moves` as numbers separated by commas.

    Raises:
        UserError: a setting is missing, unknown, or out of its range.
    """
    unknown = sorted(set(query) - SETTINGS - {"moves"})
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
    answers = _Answers(scene)
    app = web.Application(middlewares=[guarded])
    app.add_routes([web.get(path, answers.page) for path in PAGES])
    app.add_routes([web.get("/about", answers.about), web.get("/image.png", answers.image)])
    app.add_routes([web.get("/recipe.json", answers.recipe), web.get("/near", answers.near)])
    app.add_routes([web.get(r"/training/{index:\d{1,9}}.png", answers.training)])
    app.on_cleanup.append(answers.close)
    return app


class _Answers(PageAnswers):
    """Answers requests; images are computed in threads."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(__package__, PAGES)
        self.scene = scene

    async def about(self, request: web.Request) -> web.Response:
        return web.json_response(await self.compute(self.scene.about))

    async def image(self, request: web.Request) -> web.Response:
        png = await self.compute(self.scene.png, place_of(request.query).model_dump_json())
        return web.Response(body=png, content_type="image/png")

    async def recipe(self, request: web.Request) -> web.Response:
        text = self.scene.recipe(place_of(request.query)).model_dump_json(indent=1) + "\n"
        return web.Response(text=text, content_type="application/json")

    async def near(self, request: web.Request) -> web.Response:
        place = place_of(request.query).model_dump_json()
        return web.json_response(await self.compute(self.scene.near, place))

    async def training(self, request: web.Request) -> web.Response:
        png = await self.compute(self.scene.training_png, int(request.match_info["index"]))
        return web.Response(body=png, content_type="image/png")
