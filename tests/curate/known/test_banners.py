"""Who says what is a banner, and whose score counts."""

import pytest

from curate.known import asked, banners
from curate.text.text_lines import Text
from fashion_pggan.errors import UserError

NETWORK = "rapidocr 3.10.0, onnxruntime 1.32.0"


@pytest.fixture
def network(monkeypatch):
    """A stand-in for the network: it sees text in about half of the images."""

    def look(pixels, garment, network):
        assert network == NETWORK
        return Text(0.1, 0.5, 0.1, 0.9) if pixels.sum() % 2 else Text(0.0, None, None, 0.0)

    monkeypatch.setattr(banners, "installed", lambda: NETWORK)
    monkeypatch.setattr(asked, "text_in", look)


def test_the_network_reads_where_it_is_installed_and_not_forbidden(params, network):
    assert banners.reader_of(params) == banners.RULE
    assert banners.reader_of(params.model_copy(update={"text": "auto"})) == NETWORK


def test_a_network_that_is_demanded_and_not_installed_is_an_error(params, monkeypatch):
    monkeypatch.setattr(banners, "installed", lambda: "")
    assert banners.reader_of(params.model_copy(update={"text": "auto"})) == banners.RULE
    with pytest.raises(UserError, match=r"^curate\.text is detector, but rapidocr is not installed: run pip"):
        banners.text_network_of(params.model_copy(update={"text": "detector"}))


def test_the_networks_score_decides_and_the_datasheet_names_it(params, network, wild, tmp_path, run):
    asks = params.model_copy(update={"text": "auto", "max_banner": 0.5})
    run(wild, tmp_path / "out", asks, report=tmp_path / "curate.json")
    assert f"Text banners are recognised by: {NETWORK}." in (tmp_path / "out/datasheet.md").read_text()
    assert f'"banners_by": "{NETWORK}"' in (tmp_path / "curate.json").read_text()
    assert '"BANNER"' in (tmp_path / "curate.json").read_text()
