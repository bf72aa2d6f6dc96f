"""Who says what is a banner: a network that sees text, the user's classifier, or a rule."""

from curate.text.detector import how_to_install, installed
from fashion_pggan.errors import UserError
from fashion_pggan.params import CurateParams

RULE = "a rule for strips of letters"


def text_network_of(params: CurateParams) -> str:
    """The network to look for text with, and what runs it, with versions; empty for none.

    Raises:
        UserError: it is asked for and is not there.
    """
    if params.text == "rules":
        return ""
    if not installed() and params.text == "detector":
        raise UserError(f"curate.text is detector, but rapidocr is not installed: run {how_to_install()}")
    return installed()


def reader_of(params: CurateParams) -> str:
    """Who says what is a banner, in words; raises what `text_network_of` raises."""
    return text_network_of(params) or RULE
