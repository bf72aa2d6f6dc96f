"""The order that a fleet carries out: which crawl, in how many parts, who has done which. Without Prefect."""

import uuid
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from fashion_pggan.errors import UserError
from fashion_pggan.params import CrawlParams, Params
from fashion_pggan.program import hash_of, program_of
from fashion_pggan.storage.bounded.plain_file import read_text
from fashion_pggan.storage.files import sha256_of, write_text

ORDER = "order.json"  # in the folder of the stores, until the crawl is at its end
DONE = "done.txt"  # in a part's folder: the name of the crawl that it is complete for
TOMBSTONES = Path("tombstones.jsonl")  # in the root of the repository
OF_THE_MACHINE = {  # how fast and politely a machine crawls is its own; all else makes the plan
    *("part", "key_shared_by", "calls_per_s", "daily_calls", "wait_for_quota", "contact"),
    *("concurrent_requests", "concurrent_per_host", "delay_s", "timeout_s", "retries", "patience_s"),
}


class Order(BaseModel):
    """One crawl of a fleet."""

    model_config = ConfigDict(extra="forbid")

    crawl: str  # its name
    plan: str  # see `plan_of`
    parts: int
    done: dict[str, str] = {}  # by part: the machine and the folder where its store is

    @property
    def names(self) -> list[str]:
        """The parts, such as `2/8`."""
        return [f"{number}/{self.parts}" for number in range(1, self.parts + 1)]

    def write(self, stores: Path) -> None:
        """Keep the order, so that a further run goes on with it."""
        stores.mkdir(parents=True, exist_ok=True)
        write_text(stores / ORDER, self.model_dump_json(indent=1) + "\n")


def order_in(stores: Path, plan: str, parts: int) -> Order:
    """The order that has not come to its end; a new one where there is none, or it was for another plan."""
    new = Order(crawl=uuid.uuid4().hex[:12], plan=plan, parts=parts)
    try:
        kept = Order.model_validate_json(read_text(stores / ORDER))
    except FileNotFoundError:
        return new
    except (ValidationError, UserError) as error:
        raise UserError(f"{stores / ORDER} is damaged: delete it to crawl all parts again") from error
    return kept if (kept.plan, kept.parts) == (plan, parts) else new


def plan_of(params: CrawlParams) -> str:
    """A name for what all machines must agree on: parameters of the plan, files they name, the program."""
    files = [path for path in (params.vocabulary, params.url_list) if path]
    return hash_of(
        params.model_dump(mode="json", exclude=OF_THE_MACHINE),
        [sha256_of(Path(path)) for path in files if Path(path).is_file()],
        sha256_of(TOMBSTONES) if TOMBSTONES.is_file() else "",
        program_of("crawler"),
    )


def check_plan(params: CrawlParams, plan: str, machine: str) -> None:
    """Raise a UserError unless this machine would crawl the plan that the fleet crawls."""
    if plan_of(params) != plan:
        raise UserError(
            f"{machine} has other code, parameters (crawl in params.yaml), word lists or tombstones than the "
            "machine that asks: check out the same commit on both, and start the flow again"
        )


def params_of_part(params: Params, part: str, key_shared_by: int) -> str:
    """The params file of a part, whose missing images are judged after the merge, not before."""
    changes = {"part": part, "key_shared_by": key_shared_by, "max_missing": 1.0}
    own = params.model_copy(update={"crawl": params.crawl.model_copy(update=changes)})
    return yaml.safe_dump(own.model_dump(), allow_unicode=True, sort_keys=False)


def folder_of(stores: Path, part: str) -> Path:
    """The folder of a part, with its store: `2-of-8`."""
    return stores / part.replace("/", "-of-")


def mark_done(folder: Path, crawl: str) -> None:
    """Write that a part's store is complete for a crawl."""
    write_text(folder / DONE, f"{crawl}\n")


def is_done(folder: Path, crawl: str) -> bool:
    """Whether a part's store is complete for a crawl."""
    try:
        return read_text(folder / DONE).strip() == crawl
    except (FileNotFoundError, UserError):
        return False


def check_collected(order: Order, stores: Path) -> None:
    """Make sure that the stores of all parts are on this machine.

    Raises:
        UserError: some are elsewhere; the text says where, and the command that brings them.
    """
    missing = [part for part in order.names if not is_done(folder_of(stores, part), order.crawl)]
    if missing:
        brings = "; ".join(f"rsync -a {order.done[part]}/ {folder_of(stores, part)}/" for part in missing)
        raise UserError(
            f"the stores of {', '.join(missing)} are on other machines: bring them here ({brings}), and "
            "start the flow again, which merges them"
        )
