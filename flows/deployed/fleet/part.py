"""The flow of one part: a worker crawls it into a store of its own, and goes on where a killed one ended."""

import json
import os
import platform
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.blocks.system import Secret
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed

from fashion_pggan.command.lifetime import end_with_starter
from fashion_pggan.errors import UserError
from fashion_pggan.params import load_params
from fashion_pggan.storage.files import write_text
from flows.deployed.fleet.order import check_plan, folder_of, is_done, mark_done, params_of_part
from flows.deployed.pipeline import RETRIES, RETRY_DELAYS_S
from flows.deployed.stage_task import may_pass
from flows.reproduction import PARAMS, check_workspace, run_command


@flow(name="fashion-pggan-crawl-part", flow_run_name="part {part} of crawl {crawl}")
def crawl_part(
    part: str, crawl: str, plan: str, stores: str, key_shared_by: int, secrets: dict[str, str]
) -> State[Any]:
    """Crawl one part; `fashion-pggan-crawl-parts` asks for it.

    Args:
        part: such as 2/8.
        crawl: the name of the fleet's crawl.
        plan: what this machine must agree on with the others.
        stores: the folder of the parts' stores, from the repository's root.
        key_shared_by: crawls that use the same key at the same time.
        secrets: Prefect's secret block with the value, by environment variable that may be missing.
    """
    end_with_starter()  # a killed worker does not end its runs
    check_workspace(Path.cwd())
    params = load_params(PARAMS)
    check_plan(params.crawl, plan, platform.node())
    folder = folder_of(Path(stores), part).absolute()
    if is_done(folder, crawl):
        get_run_logger().info("part %s is complete in %s", part, folder)
    else:
        take_keys(secrets)
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / "params.yaml", params_of_part(params, part, key_shared_by))
        crawl_into(folder)
        mark_done(folder, crawl)
    return Completed(message=f"{platform.node()}:{folder}")


@task(name="crawl", cache_policy=NO_CACHE)
def _crawl_into(folder: Path) -> None:
    log = get_run_logger()
    places = [f"--{name}={folder / file}" for name, file in PLACES.items()]
    run_command(["crawler", str(folder / "raw"), *places], log.info)
    shutil.rmtree(folder / "raw")  # the store is what will be merged
    figures = json.loads((folder / PLACES["report"]).read_text(encoding="utf-8"))
    log.info("%d images by %d search calls", figures["images"], figures["calls"])


PLACES = {"params": "params.yaml", "store": "store", "report": "crawl.json"}
crawl_into = _crawl_into.with_options(
    retries=RETRIES, retry_delay_seconds=RETRY_DELAYS_S, retry_condition_fn=may_pass
)


def take_keys(secrets: Mapping[str, str]) -> None:
    """Put into the environment the keys that it lacks.

    Raises:
        UserError: there is no such block.
    """
    for variable, block in secrets.items():
        if not os.environ.get(variable):
            try:
                value = Secret.load(block).get()  # type: ignore[union-attr]  # no coroutine in a flow that is none
            except ValueError as error:
                raise UserError(
                    f"no {variable} in the environment of {platform.node()}, and no secret block {block} on "
                    "Prefect's server: set one of them"
                ) from error
            os.environ[variable] = str(value)
