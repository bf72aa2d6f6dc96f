"""Overrides for `dvc exp run --set-param`: DVC makes of the file what the settings say."""

from itertools import pairwise
from pathlib import Path

import pytest
from dvc.utils.hydra import apply_overrides

from fashion_pggan.errors import UserError
from fashion_pggan.params.preset import SHIPPED, preset_text, with_settings
from fashion_pggan.params.reading import parse_params
from fashion_pggan.params.set_param import overrides

NAMES = sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def _file(tmp_path: Path, preset: str) -> Path:
    path = tmp_path / "params.yaml"
    path.write_text(preset_text(SHIPPED, preset), encoding="utf-8")
    return path


@pytest.mark.parametrize(("here", "wanted"), [*pairwise([*NAMES, NAMES[0]]), *pairwise(["photos", "paper"])])
def test_dvc_makes_one_preset_of_another(tmp_path: Path, here: str, wanted: str) -> None:
    path = _file(tmp_path, here)
    apply_overrides(path, overrides(path, SHIPPED, wanted))
    expected = parse_params(preset_text(SHIPPED, wanted), wanted)
    assert parse_params(path.read_text(encoding="utf-8"), here) == expected
    assert not overrides(path, SHIPPED, wanted)


@pytest.mark.parametrize(
    ("setting", "section", "key", "value"),
    [
        ("train.minibatch={64: 8}", "train", "minibatch", {64: 8}),  # the other entries go
        ("train.minibatch={}", "train", "minibatch", {}),
        ("curate.styles=[flat, worn]", "curate", "styles", ["flat", "worn"]),
        ("curate.max_scores={worn: 0.2}", "curate", "max_scores", {"worn": 0.2}),
        ("""crawl.shop_images="Kim's tops, 2\\\\new" """, "crawl", "shop_images", "Kim's tops, 2\\new"),
        ('crawl.shop_images="$HOME\\\\"', "crawl", "shop_images", "$HOME\\"),
        ("""crawl.shop_images='\\''\\'""", "crawl", "shop_images", "\\'\\"),
        ("crawl.queries=[남자 후드티]", "crawl", "queries", ["남자 후드티"]),
        (
            "crawl.hosts={'*.example.org': {referer: page, delay_s: 0.5}}",
            "crawl",
            "hosts",
            {"*.example.org": {"referer": "page", "delay_s": 0.5}},
        ),
        ("evaluate.seed=7", "evaluate", "seed", 7),
        ("train.mirror=false", "train", "mirror", False),
    ],
)
def test_each_kind_of_value_arrives_as_it_is(
    tmp_path: Path, setting: str, section: str, key: str, value: object
) -> None:
    path = _file(tmp_path, "photos")
    apply_overrides(path, overrides(path, SHIPPED, settings=[setting]))
    found = parse_params(path.read_text(encoding="utf-8"), "found")
    assert found == parse_params(
        with_settings(preset_text(SHIPPED, "photos"), {(section, key): value}), "wanted"
    )
    assert found != parse_params(preset_text(SHIPPED, "photos"), "photos")


def test_what_is_no_parameter_and_what_dvc_cannot_take_are_refused(tmp_path: Path) -> None:
    path = _file(tmp_path, "demo")
    with pytest.raises(UserError, match="total_kmig"):
        overrides(path, SHIPPED, settings=["train.total_kmig=1.0"])
    with pytest.raises(UserError, match="no preset papr"):
        overrides(path, SHIPPED, "papr")
    with pytest.raises(UserError, match=r"curate.labels has the key '후드티'.*: set it in params.yaml"):
        overrides(path, SHIPPED, settings=["curate.labels={후드티: [hoodie]}"])
    with pytest.raises(UserError, match=r"crawl.shop_images holds .*: set it in params.yaml"):
        overrides(path, SHIPPED, settings=["crawl.shop_images='${HOME}'"])
