"""The name of a plan, by which a crawl finds the journal that it resumes."""

from pathlib import Path

from crawler.plan.vocabulary import Vocabulary
from crawler.providers.provider import Provider
from fashion_pggan.params import CrawlParams
from fashion_pggan.program import hash_of
from fashion_pggan.storage.files import sha256_of


def name_of_plan(params: CrawlParams, provider: Provider, vocabulary: Vocabulary | None) -> str:
    """A name for a plan, the same for all of its parts and sizes."""
    shop = [params.shop_images, params.shop_products, provider.shop if provider.named_by_user else ""]
    list_ = Path(params.url_list)
    return hash_of(
        params.provider,
        params.query_texts,
        vocabulary.model_dump(exclude={"labels"}) if vocabulary else None,
        sha256_of(list_) if params.provider == "urls" and list_.is_file() else "",
        shop if params.provider == "demo" else None,
    )
