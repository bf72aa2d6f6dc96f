"""The label of an image: by the query that found it, or the folder it lies in."""

from pathlib import PurePosixPath

from curate.source.raw import Raw
from fashion_pggan.params import CurateParams


def label_of(raw: Raw, params: CurateParams) -> str:
    """The label of `curate.labels` whose words are the most that the image's query ends with; empty: none.

    A query ends with the type of garment (`crawl.vocabulary`): `남자 블랙 체크 셔츠` has the label of
    `체크 셔츠` where there is one, and otherwise that of `셔츠`. In a plain folder, the name of the image's
    folder counts.
    """
    labels = {words: label for label, names in params.labels.items() for words in names}
    words = (raw.query or PurePosixPath(raw.file).parent.name).split()
    ends = (" ".join(words[start:]) for start in range(len(words)))
    return next((labels[end] for end in ends if end in labels), "")
