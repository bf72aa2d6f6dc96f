import pytest

from fashion_pggan.errors import bytes_in_words


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 KB"),
        (4_877, "4.9 KB"),
        (1_500_000, "1.5 MB"),
        (25_600_000_000, "25.6 GB"),
        (3_000_000_000_000, "3,000.0 GB"),
    ],
)
def test_a_size_has_a_unit_in_which_it_is_readable(size: int, words: str) -> None:
    assert bytes_in_words(size) == words
