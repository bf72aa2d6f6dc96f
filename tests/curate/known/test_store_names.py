"""What is decoded again after a change of the program, and what is not."""

import hashlib

import grimp
import pytest

from curate.known.known import Known
from curate.known.store_names import LOOKING, MEASURING, REDUCING, facts_name, levels_name, name_of
from fashion_pggan import program
from fashion_pggan.storage.shards import levels_up_to

IMAGES = 3
# What these folders import from elsewhere, and why a change there makes no stored fact or level wrong.
HARMLESS = {
    "curate.weights.weight_files": "the SHA-256 of its files are part of the store's name",
    "curate.weights.installed": "the versions that it names are part of the store's name",
    "fashion_pggan.errors": "words errors",
    "fashion_pggan.params": "values that change a fact or a level are part of the store's name",
    "fashion_pggan.storage.bounded.plain_file": "reads a file's bytes",
    "fashion_pggan.storage.bounded.yaml_text": "reads YAML; its values are hashed",
    "fashion_pggan.storage.files": "SHA-256 of a file",
    "fashion_pggan.storage.shards": "the sides of the levels, which are part of the store's name",
}


@pytest.fixture
def decoded(tmp_path, params, make_image, encode):
    """How many images are decoded to get the facts and the levels of three."""
    files = {}
    for seed in range(IMAGES):
        data = encode(make_image(seed=seed))
        path = tmp_path / f"{seed}.png"
        path.write_bytes(data)
        files[hashlib.sha256(data).hexdigest()] = path

    def count(**changes):
        known = Known(
            tmp_path / "known",
            params.model_copy(update=changes),
            lambda function, items, **_: map(function, items),
        )
        known.facts_of(files)
        known.reduce(files)
        return known.decoded

    return count


@pytest.mark.parametrize(
    ("file", "old", "new", "again"),
    [
        ("curate/copies/candidates.py", "WIDER, WIDEST = 2, 64", "WIDER, WIDEST = 2, 65", 0),
        ("curate/judge.py", "< params.min_side, Reason", "<= params.min_side, Reason", 0),
        ("curate/reasons.py", '"BLURRED"', '"SOFT"', 0),
        ("curate/report/contact_sheets.py", "SIDE = 128", "SIDE = 64", 0),
        ("curate/workers/local.py", "AT_ONCE = 8", "AT_ONCE = 9", 0),
        ("curate/pixels/measure.py", "LOOKED_AT = 512  # pixels", "LOOKED_AT = 512  # more pixels", 0),
        ("curate/pixels/measure.py", "LOOKED_AT = 512", "LOOKED_AT = 500", IMAGES),
        ("curate/facts/evidence.py", "AROUND = 9", "AROUND = 11", IMAGES),
        ("curate/squares/crop.py", "MARGIN = 0.08", "MARGIN = 0.09", IMAGES),
        ("fashion_pggan/images/decode/opening.py", "range(5, 9)", "range(5, 8)", IMAGES),
    ],
)
def test_what_computes_facts_or_pixels_decodes_again_and_nothing_else_does(
    decoded, program_copy, file, old, new, again
):
    assert decoded() == IMAGES
    program_copy(file, old, new)
    assert decoded() == again


def test_tuning_the_search_for_near_duplicates_decodes_nothing_again(decoded):
    assert decoded() == IMAGES
    assert decoded(near_bits=0) == decoded(colour_variants=True) == 0


def test_a_garments_square_depends_on_how_its_box_is_found_and_the_centre_square_does_not(
    params, program_copy
):
    garment = params.model_copy(update={"crop": "garment"})
    before = levels_name(params), levels_name(garment)
    program_copy("curate/facts/view.py", "PARTED_AT = 160", "PARTED_AT = 128")
    assert levels_name(params) == before[0]
    assert levels_name(garment) != before[1]


def test_people_are_looked_for_again_when_that_code_or_its_networks_change_and_nothing_else_is(
    params, program_copy
):
    before = facts_name(), levels_name(params.model_copy(update={"crop": "garment"}))
    people = name_of(LOOKING, "mediapipe 1, ai-edge-litert 1")
    assert people != name_of(LOOKING, "mediapipe 1, ai-edge-litert 2")
    program_copy("curate/people/detectors.py", "np.zeros(", "np.ones(")
    assert name_of(LOOKING, "mediapipe 1, ai-edge-litert 1") != people
    assert (facts_name(), levels_name(params.model_copy(update={"crop": "garment"}))) == before


def test_the_square_around_the_upper_body_depends_on_the_networks(params, program_copy):
    top = params.model_copy(update={"crop": "top"})
    one, two = (levels_name(top, f"mediapipe {number}") for number in (1, 2))
    assert one != two
    assert levels_name(params, "mediapipe 1") == levels_name(params, "mediapipe 2")
    program_copy("curate/people/seen.py", "BESIDE = 0.15, 0.15, 0.75", "BESIDE = 0.15, 0.15, 0.8")
    assert levels_name(top, "mediapipe 1") != one


def test_a_remark_in_every_module_changes_no_name(params, program_copy):
    garment = params.model_copy(update={"crop": "garment"})
    before = facts_name(), levels_name(params), levels_name(garment)
    for path in program.REPOSITORY.rglob("*.py"):
        path.write_text(path.read_text() + "# a remark\n")
    program._content_of.cache_clear()
    assert (facts_name(), levels_name(params), levels_name(garment)) == before


def test_all_that_can_change_a_fact_or_a_level_is_in_the_folders_that_name_it():
    imports = grimp.build_graph("curate", "fashion_pggan", cache_dir=None)
    folders = {*LOOKING, *MEASURING, *REDUCING}
    inside = {module for folder in folders for module in imports.find_descendants(folder)} | folders
    imported = {name for module in inside for name in imports.find_modules_directly_imported_by(module)}
    assert imported - inside == set(HARMLESS)


@pytest.mark.parametrize("change", [{"resolution": 16}, {"crop": "garment"}, {"enlarge": True}])
def test_parameters_that_change_levels_change_their_name_and_not_that_of_facts(params, change):
    changed = params.model_copy(update=change)
    assert levels_name(changed) != levels_name(params)
    assert facts_name() == facts_name()


def test_other_sides_of_the_levels_are_other_levels(params, monkeypatch):
    before = levels_name(params)
    monkeypatch.setattr(
        "curate.known.store_names.levels_up_to", lambda resolution: levels_up_to(resolution)[1:]
    )
    assert levels_name(params) != before
