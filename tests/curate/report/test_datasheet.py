import re
import subprocess
from collections import Counter

import grimp
import pytest

from curate.report.datasheet import Made, datasheet_of
from curate.report.describe import PROGRAM
from curate.report.questions import OPEN
from curate.source.origins import Origins, origins_of
from curate.source.raw import raw_images
from curate.workers.local import locally
from fashion_pggan import program
from fashion_pggan.provenance import commit_of
from fashion_pggan.storage.records import CuratedImage

SECTIONS = [
    "Motivation",
    "Composition",
    "Collection process",
    "Preprocessing, cleaning, labelling",
    "Uses",
    "Distribution",
    "Maintenance",
]


def _row(place: int, reason: str = "", **changed: object) -> CuratedImage:
    values = {
        "sha256": f"{place:064x}",
        "file": f"{place}.jpg",
        "kept": not reason,
        "reason": reason,
        "duplicate_of": "",
        "width": 400 + place,
        "height": 600,
        "crop_left": 0,
        "crop_top": 100,
        "crop_side": 400,
        "shard": 0,
        "row": place,
        "url": f"https://shop{place % 30}.example/{place}",
        "title": "티셔츠",
        "query": "남자 반팔티",
    }
    known = {name: value for name, value in values.items() if name in CuratedImage.model_fields}
    fields = CuratedImage.model_fields.items()
    extra = {name: "" for name, field in fields if name not in known and field.is_required()}
    return CuratedImage(**(known | extra | changed))


@pytest.fixture
def sheet(params):
    rows = [_row(place) for place in range(100)] + [_row(200, "TOO_SMALL"), _row(201, "BLANK", url="")]
    origins = Origins(Counter(demo=102), "2026-11-01T00:00:00+00:00", "2026-11-02T00:00:00+00:00")
    return datasheet_of(rows, origins, params, Made("abc", "fashion-pggan 9.9", "rules"))


def test_the_sections_are_those_of_datasheets_for_datasets(sheet):
    assert re.findall(r"^## (.*)$", sheet, re.MULTILINE) == SECTIONS
    assert "\n\n\n" not in sheet


@pytest.mark.parametrize(
    "fact",
    [
        "# Datasheet of dataset abc",
        "Images: 100, chosen from 102 raw images (102 different files).",
        "Short side of the originals: 400 to 499 pixels, median 450.",
        "an address for 100 of 100",
        "demo (102) raw images",
        "Collected from 2026-11-01T00:00:00+00:00 to 2026-11-02T00:00:00+00:00.",
        "| 남자 반팔티 | 100 |",
        "| TOO_SMALL | 1 |",
        "| shop0.example | 4 |",
        "| 10 others | 30 |",
        "| min_side | 64 |",
        "32 x 32 pixels, 8-bit sRGB, also at every level of the pyramid: 4, 8, 16, 32 pixels",
        "fashion-pggan 9.9",
    ],
)
def test_it_says_what_is_on_record(sheet, fact):
    assert fact in sheet


def test_what_only_a_person_knows_is_a_question(sheet):
    for name, text in zip(SECTIONS, re.split(r"^## .*$", sheet, flags=re.MULTILINE)[1:], strict=True):
        questions = [line for line in text.splitlines() if OPEN in line]
        assert questions, name
        assert all(line.endswith("?") for line in questions)


def test_a_folder_without_records_is_said_to_say_nothing(tmp_path, params):
    assert origins_of(raw_images(tmp_path, locally(1))) == Origins()
    rows = [_row(0, url="", title="", query="")]
    sheet = datasheet_of(rows, Origins(), params, Made("abc", "", "rules"))
    assert "a folder, which does not say where they come from" in sheet
    assert "by query" not in sheet


def test_text_from_the_web_stays_text(params):
    rows = [_row(0, query="a | b\n<script> [x](y) `z`")]
    sheet = datasheet_of(rows, Origins(), params, Made("abc", "", "rules"))
    assert "| a \\| b &lt;script&gt; \\[x\\](y) \\`z\\` | 1 |" in sheet
    origins = Origins(Counter({"<b>": 1}), "<i>\n# a", "<u>")
    sheet = datasheet_of(rows, origins, params, Made("abc", "", "rules"))
    assert "of: &lt;b&gt; (1) raw images." in sheet
    assert "Collected from &lt;i&gt; \\# a to &lt;u&gt;." in sheet


def test_an_address_that_is_none_does_not_stop_it(params):
    rows = [_row(0, url="http://[::1"), _row(1, url="nowhere")]
    sheet = datasheet_of(rows, Origins(), params, Made("abc", "", "rules"))
    assert "an address for 2 of 2" in sheet
    assert "| none | 2 |" in sheet


def test_the_program_that_it_names_is_all_that_the_stage_imports():
    imports = grimp.build_graph("crawler", "curate", "fashion_pggan", "generate", "train", cache_dir=None)
    reached = imports.find_upstream_modules("curate.stage") | {"curate.stage"}
    assert {module.split(".")[0] for module in reached} == set(PROGRAM)


def test_its_commit_is_the_last_that_changed_curation_or_shared_code(program_copy):
    def git(*arguments):
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        command = ["git", *who, *arguments]
        ended = subprocess.run(command, cwd=program.REPOSITORY, check=True, capture_output=True, text=True)
        return ended.stdout.strip()

    def committed():
        git("add", ".")
        git("commit", "-qm", "a change")
        return git("log", "-1", "--format=%H")[:7]

    git("init", "-q")
    first = committed()
    (program.REPOSITORY / "train").mkdir()
    (program.REPOSITORY / "train/run.py").write_text("x = 1\n")
    assert committed() != first
    assert commit_of(*PROGRAM).endswith(f"commit {first}")
    for file, old, new in (
        ("curate/pixels/measure.py", "LOOKED_AT = 512", "LOOKED_AT = 500"),
        ("fashion_pggan/images/decode/opening.py", "range(5, 9)", "range(5, 8)"),
    ):
        program_copy(file, old, new)
        assert commit_of(*PROGRAM).endswith("with changes that are not committed")
        last = committed()
        assert commit_of(*PROGRAM).endswith(f"commit {last}")
