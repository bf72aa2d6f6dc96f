"""Who is answered by Prefect's server, and with which headers."""

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from fashion_pggan.loopback import HEADERS
from flows.server.application import closed


def test_no_page_of_another_site_frames_or_shows_an_answer() -> None:
    inner = Starlette(routes=[Route("/", lambda request: PlainTextResponse("page"))])
    with TestClient(closed(inner)) as client:
        for path, status in (("/", 200), ("/none", 404)):
            answer = client.get(path)
            assert answer.status_code == status
            assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
