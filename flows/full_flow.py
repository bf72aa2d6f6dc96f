"""The whole pipeline as a Prefect flow: every stage in order, then its figures as artifacts."""

from pathlib import Path

from prefect import flow
from prefect.artifacts import create_markdown_artifact, create_table_artifact

from fashion_pggan.summary import Summary
from flows.crawl_flow import crawl
from flows.curate_flow import curate
from flows.direct import run_directly
from flows.evaluate_flow import evaluate
from flows.generate_flow import generate
from flows.train_flow import train

REPORTS = Path("reports")  # as in dvc.yaml


@flow(name="fashion-pggan")
def full() -> None:
    """From a shop's search results to new garments and their distance from the real ones."""
    crawl()
    curate()
    train()
    generate()
    evaluate()
    publish(Summary.read(REPORTS))


def publish(summary: Summary) -> None:
    """Show the figures in Prefect: the table of distances, and the summary as text."""
    create_table_artifact(
        summary.distances(), key="fashion-pggan-swd", description="Sliced Wasserstein distance x 1e3"
    )
    create_markdown_artifact(f"```\n{summary.text()}\n```\n", key="fashion-pggan-summary")


if __name__ == "__main__":
    run_directly(full)
