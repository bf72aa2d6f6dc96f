"""params.yaml in; frozen, strict, typed sections out, one per stage, and presets for other jobs."""

from fashion_pggan.params.crawl import CrawlParams, HostRules
from fashion_pggan.params.curate import CurateParams, StyleName
from fashion_pggan.params.evaluate import EvaluateParams
from fashion_pggan.params.generate import GenerateParams
from fashion_pggan.params.reading import Params, explained, load_params, parse_params
from fashion_pggan.params.section import LARGEST_INDEX, Label, Section, composed
from fashion_pggan.params.train import TrainParams

__all__ = [
    "LARGEST_INDEX",
    "CrawlParams",
    "CurateParams",
    "EvaluateParams",
    "GenerateParams",
    "HostRules",
    "Label",
    "Params",
    "Section",
    "StyleName",
    "TrainParams",
    "composed",
    "explained",
    "load_params",
    "parse_params",
]
