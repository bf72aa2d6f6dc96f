"""Numbers with their noun."""

from crawler.answer.plural import many


def test_one_is_singular_and_everything_else_is_plural() -> None:
    assert [many(count, "image") for count in (0, 1, 2, 2000)] == [
        "0 images",
        "1 image",
        "2 images",
        "2,000 images",
    ]
