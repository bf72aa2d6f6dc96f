"""A stand-in for Hugging Face's server on loopback: what an upload sends ends in memory."""

import base64
import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

TOKEN = "hf_writer"


@dataclass
class Hub:
    """What the server got."""

    address: str = ""
    created: list[dict[str, Any]] = field(default_factory=list)
    objects: dict[str, bytes] = field(default_factory=dict)  # by SHA-256: those that go by LFS
    files: dict[str, bytes] = field(default_factory=dict)  # of the last commit
    commits: int = 0

    def commit(self, lines: bytes) -> None:
        self.commits += 1
        for line in map(json.loads, lines.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                self.files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                self.files[value["path"]] = self.objects[value["oid"]]


class _Handler(http.server.BaseHTTPRequestHandler):
    hub: Hub

    def do_GET(self) -> None:
        self._answer(404, {})

    def do_PUT(self) -> None:
        self.hub.objects[self.path.rpartition("/")[2]] = self._body()
        self._answer(200, {})

    def do_POST(self) -> None:
        body = self._body()
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self._answer(401, {"error": "Invalid credentials"})
            return
        answers = {"create": self._create, "main": self._main, "batch": self._batch}
        answer = answers.get(self.path.rpartition("/")[2], lambda body: {})
        self._answer(200, answer(body))

    def log_message(self, *arguments: object) -> None:
        pass

    def _create(self, body: bytes) -> Any:
        self.hub.created.append(json.loads(body))
        return {"url": f"{self.hub.address}/me/tops"}

    def _main(self, body: bytes) -> Any:
        if "/preupload/" in self.path:
            names = [each["path"] for each in json.loads(body)["files"]]
            modes = {name: "lfs" if name.endswith((".safetensors", ".png")) else "regular" for name in names}
            files = [
                {"path": name, "uploadMode": mode, "shouldIgnore": False} for name, mode in modes.items()
            ]
            return {"files": files}
        self.hub.commit(body)
        place = f"{self.hub.address}/me/tops/commit/0123"
        return {"commitUrl": place, "commitOid": "0123", "commitMessage": "uploaded"}

    def _batch(self, body: bytes) -> Any:
        actions = [
            {**each, "actions": {"upload": {"href": f"{self.hub.address}/lfs/{each['oid']}"}}}
            for each in json.loads(body)["objects"]
        ]
        return {"transfer": "basic", "objects": actions}

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def _answer(self, status: int, values: Any) -> None:
        data = json.dumps(values).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def hub() -> Iterator[Hub]:
    """The server; files that end in .safetensors or .png go by LFS."""
    found = Hub()

    class Handler(_Handler):
        hub = found

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.address = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield found
        server.shutdown()
