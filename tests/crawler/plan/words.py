"""A small vocabulary, and parameters that ask for it."""

from pathlib import Path

from crawler.plan.vocabulary import Vocabulary
from fashion_pggan.params import CrawlParams, load_params

PARAMS = Path(__file__).resolve().parents[3] / "params.yaml"
WORDS = {
    "prefixes": ["남자", "남성"],
    "types": ["셔츠", "니트", "맨투맨"],
    "axes": {"colour": ["블랙", "네이비"], "fit": ["오버핏"]},
    "pairs": [["colour", "fit"]],
    "not_in_title": ["여성"],
}
VOCABULARY = Vocabulary.model_validate(WORDS)


def params_of(**changes: object) -> CrawlParams:
    crawl = load_params(PARAMS).crawl
    given = {"queries": [], "vocabulary": "words.yaml", "max_products": 100_000, **changes}
    return CrawlParams.model_validate({**crawl.model_dump(), **given})
