"""Findings about packages, extras, a browser and Prefect's server."""

import socket
from importlib.metadata import PackageNotFoundError
from types import SimpleNamespace

import pytest

from fashion_pggan.doctor import surroundings
from fashion_pggan.doctor.finding import State


def test_packages_are_held_against_their_pins(tmp_path, monkeypatch):
    path = tmp_path / "constraints.txt"
    path.write_text("# pins\ntorch==2.13.0 \\\n    --hash=sha256:00\nnumpy==2.5.0\nabsent==1\n")
    there = {"torch": "2.13.0+cpu", "numpy": "2.4.9"}

    def version(name):
        if name not in there:
            raise PackageNotFoundError(name)
        return there[name]

    monkeypatch.setattr(surroundings, "version", version)
    finding = surroundings._pins(path)
    assert (finding.state, finding.found) == (
        State.NOTE,
        "1 are not as constraints.txt has them: numpy 2.4.9",
    )
    there["numpy"] = "2.5.0"
    assert surroundings._pins(path).state is State.OK


def test_extras_that_are_missing_are_named_with_their_command(monkeypatch):
    requires = [
        "numpy<3",
        'onnx>=1; extra == "onnx"',
        'rapidocr<4,>=3; extra == "text"',
        'onnxruntime<2; extra == "text"',
        'mypy; extra == "dev"',
    ]
    monkeypatch.setattr(surroundings, "distribution", lambda name: SimpleNamespace(requires=requires))
    monkeypatch.setattr(surroundings, "_installed", {"onnx": "1", "rapidocr": "", "onnxruntime": "1"}.get)
    finding = surroundings._extras()
    assert (finding.state, finding.found) == (State.NOTE, "onnx; without text")
    assert ".[text]" in finding.advice


@pytest.fixture
def listening():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/api"


def test_a_port_that_something_else_has_is_wrong(listening):
    finding = surroundings._server(listening, lambda url: False)
    assert (finding.state, listening in finding.found) == (State.WRONG, True)


def test_a_server_that_answers_or_is_not_there_is_well(listening):
    assert surroundings._server(listening, lambda url: True).state is State.OK
    assert "make serve" in surroundings._server("http://127.0.0.1:1/api", lambda url: False).found
