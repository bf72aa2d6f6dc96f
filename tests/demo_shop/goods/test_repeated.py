import hashlib
import io
import tracemalloc

import pytest
from PIL import Image

from demo_shop.goods.catalogue import SHELF
from demo_shop.goods.repeated import Repeated, Stamped
from demo_shop.search import Index
from fashion_pggan.errors import UserError


def _pixels(data):
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGB")


def test_repeated_images_are_the_same_in_any_order_and_differ_from_each_other():
    first, second = Repeated(60_000, 2), Repeated(60_000, 2)
    forth = {index: first.image(index) for index in (0, 2, 4, 59_999)}
    back = {index: second.image(index) for index in (59_999, 4, 2, 0)}
    assert forth == back
    assert len(set(forth.values())) == 4


def test_a_repeated_garment_is_not_taken_for_a_copy_of_itself():
    perceptual = pytest.importorskip("curate.facts.fingerprint")
    decode = pytest.importorskip("curate.pixels.decode")
    shop = Repeated(1000, 1)
    opened = (decode.open_image(shop.image(index)) for index in range(12))
    hashes = [perceptual.fingerprint_of(decode.decode(image).pixels).phash.ravel() for image in opened]
    pairs = [(one, other) for place, one in enumerate(hashes) for other in hashes[:place]]
    assert min(int((one != other).sum()) for one, other in pairs) > 0


@pytest.mark.parametrize("size", [4000, 25_000, 131_000, 325_000])
def test_stamped_images_have_their_size_and_own_bytes(size):
    shop = Stamped(1000, 2, size)
    images = [shop.image(index) for index in (0, 1, 2, 999)]
    assert {len(image) for image in images} == {size}
    assert len({hashlib.sha256(image).digest() for image in images}) == 4
    assert len({shop.product(index).etag for index in range(1000)}) == 1000
    assert _pixels(images[0]).size == (shop.side, shop.side)
    assert _pixels(images[0]).tobytes() == _pixels(images[2]).tobytes()
    assert _pixels(images[0]).tobytes() != _pixels(images[1]).tobytes()


def test_an_image_of_325_kb_has_a_million_pixels():
    assert Stamped(1, 1, 325_000).side == 1000


def test_queries_for_shelves_reach_sixty_thousand_products():
    index = Index.of(Repeated(60_000, 4))
    found = [index.search(f"shelf{shelf}", "sim", "all") for shelf in range(60)]
    assert {len(numbers) for numbers in found} == {SHELF}
    assert len({number for numbers in found for number in numbers}) == 60_000


def test_no_image_is_kept():
    shop = Repeated(60_000, 1)
    shop.image(0)
    tracemalloc.start()
    for index in range(100):
        shop.image(index)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 100_000


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Repeated(10, 0), "--repeat 0: give 1 garment or more"),
        (lambda: Stamped(10, 0, 9000), "--repeat 0: give 1 garment or more"),
        (lambda: Stamped(10, 1, 100), "--image-bytes 100: give 4000 or more"),
    ],
)
def test_wrong_numbers_are_refused_with_what_to_do(make, text):
    with pytest.raises(UserError, match=text):
        make()
