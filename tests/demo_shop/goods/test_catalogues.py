import hashlib
import io
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from demo_shop.draw.scene import draw
from demo_shop.draw.sketch import KINDS, sketch_of
from demo_shop.goods.catalogue import Folder, Product
from demo_shop.goods.drawn import Drawn
from demo_shop.search import Index, marked, words_of
from fashion_pggan.errors import UserError

REPOSITORY = Path(__file__).parents[3]
# every format, shot and ground, a transparent one, a broken one, a copy
DRAWN = (0, 3, 4, 8, 24, 38, 48, 53)


def _digests(indices):
    return {index: hashlib.sha256(Drawn(1000).image(index)).hexdigest() for index in indices}


def test_the_same_index_gives_the_same_bytes_in_any_process_and_order():
    here = _digests(DRAWN)
    program = (
        "import cv2, sys; cv2.setNumThreads(1)\n"
        "import hashlib; from demo_shop.goods.drawn import Drawn; shop = Drawn(5000)\n"
        f"print(*(hashlib.sha256(shop.image(index)).hexdigest() for index in {DRAWN[::-1]}))"
    )
    said = subprocess.run(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert said.stdout.split()[::-1] == list(here.values())


def test_the_catalogue_has_all_kinds_and_the_faults_of_a_real_shop():
    sketches = [sketch_of(index) for index in range(2000)]
    kinds = Counter(sketch.garment.kind for sketch in sketches)
    assert kinds.keys() == KINDS.keys()
    assert min(kinds.values()) > 250
    shares = {
        "copies": sum(sketch.index != sketch.image_index for sketch in sketches) / 2000,
        "broken": sum(bool(sketch.fault) for sketch in sketches) / 2000,
        "small": sum(min(sketch.width, sketch.height) < 256 for sketch in sketches) / 2000,
        "single": sum(sketch.shot in ("flat", "hanger") for sketch in sketches) / 2000,
    }
    assert shares["copies"] == pytest.approx(0.03, abs=0.015)
    assert shares["broken"] == pytest.approx(0.02, abs=0.01)
    assert shares["small"] == pytest.approx(0.08, abs=0.02)
    assert shares["single"] == pytest.approx(0.82, abs=0.04)
    assert {sketch.format for sketch in sketches} == {"JPEG", "PNG", "WEBP"}
    assert {sketch.shot for sketch in sketches} == {"flat", "hanger", "torso", "two", "banner"}
    assert {sketch.ground for sketch in sketches} == {"plain", "wood", "cloth"}
    assert all(min(sketch.width, sketch.height) >= 200 for sketch in sketches)
    assert all(max(sketch.width, sketch.height) <= 1200 for sketch in sketches)


def test_titles_hold_the_words_that_people_search_for():
    catalogue = Drawn(300)
    titles = " ".join(catalogue.product(index).title for index in range(300))
    for words in KINDS.values():
        assert words[0] in titles


def test_a_copy_shows_another_products_image():
    copy = next(sketch for sketch in map(sketch_of, range(500)) if sketch.index != sketch.image_index)
    catalogue = Drawn(500)
    assert catalogue.image(copy.index) == catalogue.image(copy.image_index)


def test_images_have_the_size_and_kind_that_the_catalogue_says():
    catalogue = Drawn(100)
    for index in (*DRAWN, *range(10, 15)):
        sketch, product = sketch_of(index), catalogue.product(index)
        if not sketch.fault:
            with Image.open(io.BytesIO(catalogue.image(index))) as image:
                assert image.size == (product.width, product.height)
                assert image.format == sketch.format
                assert image.mode == ("RGBA" if sketch.transparent else "RGB")


@pytest.mark.parametrize("kind", KINDS)
def test_a_garment_of_every_kind_fills_the_middle_and_can_be_told_from_its_ground(kind):
    sketches = (sketch_of(index) for index in range(1000))
    chosen = [s for s in sketches if s.garment.kind == kind and s.shot == "flat" and s.ground == "plain"]
    for sketch in chosen[:4]:
        pixels = draw(sketch)[..., :3].astype(float)
        middle = pixels[
            sketch.height // 2 - 20 : sketch.height // 2 + 20, sketch.width // 2 - 20 : sketch.width // 2 + 20
        ]
        corners = np.concatenate([pixels[:10, :10].reshape(-1, 3), pixels[:10, -10:].reshape(-1, 3)])
        assert np.ptp(corners, axis=0).max() < 60
        assert middle.std() > 0.5 or abs(middle.mean() - corners.mean()) > 5


class Titles:
    def __init__(self, *titles):
        self.titles = titles

    def __len__(self):
        return len(self.titles)

    def product(self, index):
        return Product(self.titles[index], "x.png", 400, 400, "image/png")

    def image(self, index):
        return b""


def test_products_with_more_of_the_words_come_first():
    index = Index.of(Titles("블랙 셔츠", "블랙 니트", "화이트 셔츠", "블랙 셔츠 체크"))
    assert index.search("남자 블랙 셔츠", "date", "all") == [3, 0, 2, 1]
    assert set(index.search("블랙 셔츠 체크", "sim", "all")[:1]) == {3}
    assert index.search("없음", "sim", "all") == []
    assert sorted(index.search("남자", "sim", "all")) == [0, 1, 2, 3]


@given(st.text(max_size=40), st.text(max_size=20))
def test_marked_titles_are_safe_html_and_lose_nothing(title, query):
    text = marked(title, query)
    plain = text.replace("<b>", "").replace("</b>", "")
    assert "<" not in plain
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#x27;", "'"), ("&amp;", "&")):
        plain = plain.replace(entity, character)
    assert plain == title
    if set(words_of(query)) & set(words_of(title)):
        assert "<b>" in text


@pytest.fixture
def folder(tmp_path):
    images = tmp_path / "tops"
    (images / "sub").mkdir(parents=True)
    Image.new("RGB", (30, 20)).save(images / "b.png")
    (images / "sub/한글 & <b>.jpg").write_bytes(b"broken")
    (images / ".hidden").write_bytes(b"x")
    outside = tmp_path / "secret.txt"
    outside.write_text("secret")
    (images / "link.png").symlink_to(outside)
    (tmp_path / "tops.csv").write_text("file,label,extra\nb.png,T-Shirt,1\n", encoding="utf-8-sig")
    return images


def test_links_to_images_are_served_with_a_warning_and_other_links_are_not(folder, tmp_path, caplog):
    Image.new("RGB", (7, 9)).save(tmp_path / "outside.png")
    (folder / "a-link.png").symlink_to(tmp_path / "outside.png")
    (folder / "c-link.png").symlink_to(folder / "b.png")
    (folder / "d-broken.png").symlink_to(tmp_path / "missing.png")
    catalogue = Folder(folder)
    assert [path.name for path in catalogue.files] == ["a-link.png", "b.png", "c-link.png", "한글 & <b>.jpg"]
    assert (catalogue.product(0).width, catalogue.image(0)) == (7, (tmp_path / "outside.png").read_bytes())
    assert "links out of it, and are read: 1; the first is a-link.png" in caplog.text
    assert "to no image, and are not served: 1; the first is link.png" in caplog.text


def test_a_folder_is_served_as_it_is_and_nothing_outside_it_but_images(folder):
    catalogue = Folder(folder)
    assert len(catalogue) == 2
    assert catalogue.product(0) == Product("T-Shirt shelf0 b : demo shop", "b.png", 30, 20, "image/png")
    assert catalogue.product(1).title == "image shelf0 한글 & <b> : demo shop"
    assert (catalogue.product(1).width, catalogue.image(1)) == (0, b"broken")


def test_shelves_hold_a_thousand_each(tmp_path):
    for number in range(1001):
        (tmp_path / f"{number:04d}.png").touch()
    titles = [Folder(tmp_path).product(index).title for index in (0, 999, 1000)]
    assert [title.split()[1] for title in titles] == ["shelf0", "shelf0", "shelf1"]


def test_a_folder_without_files_and_labels_that_cannot_be_read_are_clear_errors(tmp_path, folder):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"no images in .*empty: give a folder that holds some"):
        Folder(tmp_path / "empty")
    bad = tmp_path / "bad.csv"
    bad.write_text("name;kind\n")
    bad.write_text("name,kind\nx,y\n")
    with pytest.raises(UserError, match=r"bad\.csv cannot be read as labels"):
        Folder(folder, bad)
    with pytest.raises(UserError, match=r"none\.csv cannot be read as labels"):
        Folder(folder, tmp_path / "none.csv")


def test_a_name_that_is_not_utf8_is_a_product_that_an_answer_can_hold(tmp_path):
    try:
        (tmp_path / os.fsdecode(b"\xff.jpg")).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes UTF-8 alone")
    product = Folder(tmp_path).product(0)
    assert f"{product.title}{product.file_name}".encode()
