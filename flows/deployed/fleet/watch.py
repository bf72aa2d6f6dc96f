"""The watch over a fleet: it has each part crawled, and again where a worker was killed."""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from logging import Logger, LoggerAdapter
from pathlib import Path
from typing import Any
from uuid import UUID

from httpx import HTTPError
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelling, Crashed

from fashion_pggan.errors import UserError
from flows.deployed.fleet.order import Order
from flows.deployed.fleet.signs import HEARTBEAT_S, Verdict, Watched, verdict_on

DEPLOYMENT = "fashion-pggan-crawl-part/part"
POOL = "fashion-pggan-parts"
LOOK_EVERY_S = 5.0  # seconds between two looks at all runs
AT_WORK = [StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
LOST = "no sign of life for %d s: its worker was killed, or the machine is gone"


class Watch:
    """Has the parts of an order crawled.

    Args:
        order: which crawl, and what is done of it.
        stores: where the order is kept.
        asked: further parameters of each part's run.
        log: of the flow's run.
    """

    def __init__(
        self, order: Order, stores: Path, asked: Mapping[str, Any], log: Logger | LoggerAdapter[Any]
    ) -> None:
        self.order, self.stores, self.asked, self.log = order, stores, asked, log
        self.watched: dict[str, Watched] = {}  # parts that have not ended
        self.late: set[str] = set()  # parts that nobody has taken, which was said
        self.failed: dict[str, str] = {}  # why, by part

    def to_the_end(self) -> None:
        """Return when each part is done.

        Raises:
            UserError: some parts failed for good; the others are done.
        """
        with get_client(sync_client=True) as client, self._cancelling(client):
            deployment = self._deployment(client)
            for part in self.order.names:
                if part not in self.order.done:
                    run = self._at_work(client, deployment, part) or self._ask(part)
                    stopping = run.state is not None and run.state.is_cancelling()
                    self.watched[part] = Watched(run.id, was_stopping=stopping)
            while self.watched:
                for part in list(self.watched):
                    self._look(client, part)
                time.sleep(LOOK_EVERY_S if self.watched else 0)
        if self.failed:
            why = "; ".join(f"part {part} {reason}" for part, reason in self.failed.items())
            raise UserError(f"{why}: correct that and start the flow again, which keeps all that is fetched")

    def _deployment(self, client: SyncPrefectClient) -> UUID:
        try:
            return client.read_deployment_by_name(DEPLOYMENT).id
        except ObjectNotFound:
            raise UserError(
                f"Prefect's server knows no {DEPLOYMENT}: run prefect --no-prompt deploy --name part "
                "(docs/how-to/several-machines.md)"
            ) from None

    def _ask(self, part: str) -> FlowRun:
        run = run_deployment(
            DEPLOYMENT,
            parameters={"part": part, "crawl": self.order.crawl, "plan": self.order.plan, **self.asked},
            tags=self._tags(part),
            timeout=0,
            job_variables={"env": {"PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT_S)}},
        )
        assert isinstance(run, FlowRun)  # a coroutine in async code alone
        self.log.info("part %s: asked for (%s)", part, run.name)
        return run

    def _at_work(self, client: SyncPrefectClient, deployment: UUID, part: str) -> FlowRun | None:
        """The run of a part that an earlier run of this flow has asked for, and that has not ended."""
        runs = client.read_flow_runs(
            deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment])),
            flow_run_filter=FlowRunFilter(
                tags=FlowRunFilterTags(all_=self._tags(part)),
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=AT_WORK)),
            ),
        )
        return runs[0] if runs else None

    def _tags(self, part: str) -> list[str]:
        return [f"crawl {self.order.crawl}", f"part {part}"]

    def _look(self, client: SyncPrefectClient, part: str) -> None:
        watched = self.watched[part]
        run = client.read_flow_run(watched.run)
        state = run.state
        assert state is not None  # the server gives each run one
        silence = watched.silence((state.id, _last_heartbeat(client, run.id)), time.monotonic())
        match verdict_on(state.type, silence, watched.crashes, was_stopping=watched.was_stopping):
            case Verdict.WAIT:
                self._say_if_late(part, state.name)
            case Verdict.DONE:
                self._done(part, state.message or "")
            case Verdict.LOST:
                client.set_flow_run_state(run.id, Crashed(message=LOST % silence), force=True)
            case Verdict.AGAIN:
                ended = f"{state.type.value.lower()} ({_reason(state.message)})"
                self.log.warning("part %s %s: a worker resumes it", part, ended)
                self.watched[part] = Watched(self._ask(part).id, crashes=watched.crashes + 1)
            case Verdict.ENDED:
                del self.watched[part]
                self.failed[part] = f"{state.type.value.lower()} ({_reason(state.message)})"
                self.log.error("part %s %s", part, self.failed[part])

    def _done(self, part: str, where: str) -> None:
        del self.watched[part]
        self.order.done[part] = where
        self.order.write(self.stores)
        self.log.info("part %s is done: %s", part, where)

    def _say_if_late(self, part: str, state: str | None) -> None:
        if state == "Late" and part not in self.late:
            self.late.add(part)
            self.log.warning(
                "part %s waits for a worker: prefect worker start --pool %s --limit 1", part, POOL
            )

    @contextmanager
    def _cancelling(self, client: SyncPrefectClient) -> Iterator[None]:
        """Stop the parts when this flow is stopped; an error leaves them at work."""
        try:
            yield
        except Exception:
            raise
        except BaseException:
            for part, watched in self.watched.items():
                with suppress(HTTPError, ObjectNotFound):
                    client.set_flow_run_state(
                        watched.run, Cancelling(message="the flow that asked was stopped")
                    )
                    self.log.warning("part %s is stopped too; start the flow again to go on", part)
            raise


def _last_heartbeat(client: SyncPrefectClient, run: UUID) -> str:
    """The name of a run's last heartbeat; empty before the first."""
    asked = {
        "event": {"name": ["prefect.flow-run.heartbeat"]},
        "resource": {"id": [f"prefect.flow-run.{run}"]},
    }
    answer = client.request("POST", "/events/filter", json={"filter": asked, "limit": 1})
    events = answer.json()["events"]
    return str(events[0]["id"]) if events else ""


def _reason(message: str | None) -> str:
    """Why a run ended, in one line, without Prefect's words and the name of the error before it."""
    said = re.search(r"exception: (?:\w+Error: )?(.+)", message or "", re.DOTALL)
    return " ".join(said[1].split()) if said else message or "nothing is known"
