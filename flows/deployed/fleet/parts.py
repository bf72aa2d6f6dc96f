"""The flow of a fleet: parts of a crawl on the workers of a pool, the merge, and what is left to crawl."""

from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State

from fashion_pggan.command.lifetime import end_with_starter
from fashion_pggan.errors import UserError
from fashion_pggan.params import Params, load_params
from fashion_pggan.paths import outliving
from fashion_pggan.storage.files import write_text
from flows.deployed.fleet.order import (
    ORDER,
    check_collected,
    folder_of,
    order_in,
    params_of_part,
    plan_of,
)
from flows.deployed.fleet.watch import Watch
from flows.deployed.pipeline import patient
from flows.reproduction import PARAMS, check_workspace, run_command

STORE = outliving(Path("runs/crawl"))  # as in crawler/command_line.py


@flow(name="fashion-pggan-crawl-parts")
def crawl_parts(
    parts: int, keys: int = 1, stores: str = "runs/parts", secrets: dict[str, str] | None = None
) -> State[Any]:
    """Crawl in parts on the workers of the pool fashion-pggan-parts, and merge them into data/raw.

    Args:
        parts: how many, such as the workers.
        keys: how many keys the workers have between them; parts that share a key share its quota.
        stores: the folder of the parts' stores, from the repository's root; on shared storage, or not.
        secrets: Prefect's secret block with the value, by environment variable that workers may lack.
    """
    end_with_starter()  # when the process that serves the flows is killed, it does not stop its runs
    check_workspace(Path.cwd())
    params, folder = load_params(PARAMS), Path(stores)
    check(params, parts, keys, folder)
    order = order_in(folder, plan_of(params.crawl), parts)
    order.write(folder)
    asked = {"stores": stores, "key_shared_by": -(-parts // keys), "secrets": secrets or {}}
    Watch(order, folder, asked, get_run_logger()).to_the_end()
    check_collected(order, folder)
    merged = [str(folder_of(folder, part) / "store") for part in order.names]
    run_command(["crawler", "merge", *merged, "--store", str(STORE)], get_run_logger().info)
    state = patient()("crawl", again=True)
    (folder / ORDER).unlink()
    return state


def check(params: Params, parts: int, keys: int, folder: Path) -> None:
    """Make sure that the plan has as many parts.

    Raises:
        UserError: it has not, or the arguments are wrong.
    """
    if not 1 <= parts <= 9999 or not 1 <= keys <= parts:
        raise UserError(f"{parts} parts with {keys} keys: give 1 to 9999 parts, and 1 to as many keys")
    if params.crawl.part != "1/1":
        raise UserError(f"crawl.part is {params.crawl.part}: set it to 1/1, for the flow makes the parts")
    folder.mkdir(parents=True, exist_ok=True)
    last = folder / "last.yaml"  # the last part is the first one that would be empty
    write_text(last, params_of_part(params, f"{parts}/{parts}", 1))
    try:
        run_command(["crawler", "--dry-run", f"--params={last}"], lambda line: None)
    finally:
        last.unlink()
