import pytest

from fashion_pggan.storage.hashed_json import hashed_json, values_of
from fashion_pggan.storage.seal import DamagedError

VALUES = {"images": 9, "distance": 1.25, "levels": {"16": [1.0, None]}}


def test_values_come_back():
    assert values_of(hashed_json(VALUES)) == VALUES


def test_every_changed_digit_is_noticed():
    text = hashed_json(VALUES)
    for place, character in enumerate(text):
        if character.isdigit():
            with pytest.raises(DamagedError):
                values_of(text[:place] + str((int(character) + 1) % 10) + text[place + 1 :])


def test_a_file_of_a_former_version_has_no_hash():
    assert values_of('{"images": 9}', always=False) == {"images": 9}
    with pytest.raises(DamagedError):
        values_of('{"images": 9}')


@pytest.mark.parametrize("text", ["", "[]", "9", "{"])
def test_what_is_no_object_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        values_of(text)
