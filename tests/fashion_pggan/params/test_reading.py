"""params.yaml is strict: what is not a parameter, or not its kind, is named with what to do."""

from pathlib import Path

import pytest
import yaml

from fashion_pggan.errors import UserError
from fashion_pggan.params import load_params, parse_params
from fashion_pggan.program import hash_of

PRESETS = Path(__file__).parents[3] / "presets"
MIN_SIDE = "  min_side: 256"
LABELS = "  labels: {} # by label,"
TEXT = (PRESETS / "photos.yaml").read_text()


def changed(old: str, new: str) -> str:
    assert TEXT.count(old) == 1, old
    return TEXT.replace(old, new)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            changed(MIN_SIDE, "  min_sied: 256"),
            r"curate\.min_sied is not a parameter: did you mean curate\.min_si",
        ),
        (
            changed(MIN_SIDE, "  # gone"),
            r"curate\.min_side is missing: give it a value",
        ),
        (changed("shop_images:", "shop_pictures:"), r"did you mean crawl\.shop_images\?"),
        (changed("shard_images:", "shard_pictures:"), r"did you mean curate\.shard_images\?"),
        (
            changed("  mirror:", "  held_out: 0.1\n  mirror:"),
            r"train\.held_out is not.*mean curate\.held_out\?",
        ),
        (
            changed("  queries: [shelf0", "  queries: [{query: a, label: x}, {query: a, label: y}"),
            "queries: 'a' has the labels x and y: leave one out",
        ),
        (changed("  queries: [shelf0", "  queries: [5"), r"crawl\.queries\.0 is 5: give text"),
        (
            changed("  queries: [shelf0", "  queries: [{query: a}"),
            r"crawl\.queries\.0\.label is missing: give it a value",
        ),
        (changed("generate:", "generated:"), r"generated is not a parameter: did you mean generate\?"),
        (changed(MIN_SIDE, "  min_side: '256'"), r'curate\.min_side is "256": give a whole number'),
        (
            changed(MIN_SIDE, "  min_side: 32"),
            "min_side 32 is below resolution 64, which enlarges images: raise",
        ),
        (changed("  resolution: 64", "  resolution: 100"), "100 px is not a power of two"),
        (changed("  max_aspect: 2.5", "  max_aspect: 0.5"), r"curate\.max_aspect is 0\.5: give 1 or more"),
        (
            changed("adam_epsilon: 0.00000001", "adam_epsilon: 1e-8"),
            "give a number, without quotes or exponent",
        ),
        (changed("{4: 16,", "{5: 16, 3: 16,"), r"train\.minibatch\.3 is 3: give 4 or more"),
        (changed("  patch_side: 7", "  patch_side: 8"), "patch_side is 8: give an odd number"),
        (changed("  sort: sim", "  sort: best"), r'crawl\.sort is "best": give sim, date or both'),
        (changed("mirror: true", "mirror: yes please"), r'train\.mirror is "yes please": give true or false'),
        ("", "the file is empty: give keys with values"),
        ("- a list", "the file is .*: give keys with values"),
        ("crawl: [", "line 1 is not YAML: .*: correct that line"),
        (TEXT + "\ncrawl: {}\n", r"crawl stands on line \d+ and on line \d+: keep one"),
        (changed("mirror: true", "mirror: true\n  mirror: false"), "mirror stands on line .*: keep one"),
        (
            changed("shop_images: ", "shop_images: s3://b #"),
            r"crawl\.shop_images .*: give a path on this machine",
        ),
        ("crawl: \x00", "is not YAML"),
        (
            changed(LABELS, "  labels: {hoodie: [후드티, null]} #"),
            r"curate\.labels\.hoodie\.1 is empty: give a name, or leave the item out",
        ),
        (
            changed(LABELS, '  labels: {hoodie: [" "]} #'),
            r'curate\.labels\.hoodie\.0 is " ": give a name, or leave the item out',
        ),
        (
            changed(LABELS, "  labels: {metadata.jsonl: []} #"),
            r'curate\.labels.* is "metadata\.jsonl": an export has a file of this name: give another',
        ),
    ],
)
def test_a_mistake_is_named_with_what_to_do(text: str, says: str) -> None:
    with pytest.raises(UserError, match=says) as caught:
        parse_params(text, "params.yaml")
    assert str(caught.value).startswith("params.yaml")
    assert "\n" not in str(caught.value)


def test_all_mistakes_are_named_at_once() -> None:
    text = changed(MIN_SIDE, "  min_sied: 256").replace("count: 500", "count: 0")
    with pytest.raises(UserError, match=r"curate\.min_side.*curate\.min_sied.*generate\.count"):
        parse_params(text, "params.yaml")


def test_a_missing_file_and_one_that_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no parameters at .*: run from the repository root, or"):
        load_params(tmp_path / "params.yaml")
    (tmp_path / "params.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="is not text in UTF-8"):
        load_params(tmp_path / "params.yaml")


def test_what_is_read_is_what_stands_there_and_cannot_be_changed() -> None:
    params = parse_params(TEXT, "params.yaml")
    assert params.model_dump() == yaml.safe_load(TEXT)
    with pytest.raises(ValueError, match="frozen"):
        params.curate.min_side = 1  # type: ignore[misc]


def test_a_hash_is_of_the_values_not_of_their_order() -> None:
    params = parse_params(TEXT, "params.yaml")
    reordered = yaml.safe_load(TEXT)
    reordered["train"] = dict(reversed(reordered["train"].items()))
    assert hash_of(params.train) == hash_of(parse_params(yaml.safe_dump(reordered), "other").train)
    other = parse_params(changed("fade_kimg: 4.0", "fade_kimg: 4.5"), "params.yaml")
    assert hash_of(params.train) != hash_of(other.train)
    assert hash_of(params.train, "dataset 1") != hash_of(params.train, "dataset 2")


def test_a_text_that_is_left_empty_is_none():
    """YAML reads a key without a value as null."""
    text = changed('  resume: ""', "  resume:")
    text = text.replace('  start_from: ""', "  start_from: null").replace('  cluster: ""', "  cluster:")
    assert text.count('""') < TEXT.count('""') - 2
    assert parse_params(text, "params.yaml") == parse_params(TEXT, "params.yaml")
    with pytest.raises(UserError, match=r"crawl\.provider is empty"):
        parse_params(changed("  provider: demo", "  provider:"), "params.yaml")
