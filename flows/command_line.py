"""`fashion-pggan flows …`, or `python -m flows …`."""

from typing import Literal

from cyclopts import App

Work = Literal["crawl", "curate", "train", "evaluate", "generate", "weekly"]

app = App(name="flows")


@app.default
def serve() -> None:
    """Serve the pipeline with Prefect until interrupted, one run at a time.

    Starts a server on this machine when none answers.

    For example:
        fashion-pggan flows
        fashion-pggan flows ask train
        fashion-pggan flows run crawl
    """
    from flows.deployed.deployments import serve_all

    serve_all()


@app.command
def server() -> None:
    """Start Prefect's server alone, until interrupted: for the workers of a work pool.

    For example:
        fashion-pggan flows server
    """
    from flows.deployed.deployments import serve_server

    serve_server()


@app.command
def ask(stage: Work | None = None, /) -> None:
    """Ask the server of the pipeline to run it, or one stage, and wait for the end.

    For example:
        fashion-pggan flows ask train

    Args:
        stage: one stage, or weekly: new images and a training on them; the whole pipeline by default.
    """
    from flows.deployed.deployments import ask as ask_for

    whole = f"fashion-pggan/{stage or 'full'}"
    ask_for(whole if stage in (None, "weekly") else f"fashion-pggan-{stage}/{stage}")


@app.command
def run(stage: Work | None = None, /) -> None:
    """Run the pipeline, or one stage, here and now, with a server for this run alone.

    For example:
        fashion-pggan flows run
        fashion-pggan flows run crawl
        fashion-pggan flows run weekly

    Args:
        stage: one stage, or weekly: new images and a training on them; the whole pipeline by default.
    """
    from flows.deployed.direct import run_directly
    from flows.deployed.pipeline import STAGES, full
    from flows.deployed.weekly import weekly

    if stage == "weekly":
        run_directly(weekly)
    else:
        run_directly(STAGES[stage] if stage else full)
