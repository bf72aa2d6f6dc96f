"""What a former `make serve` left on the server: schedules to keep, runs that nobody works on."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import ObjectNotFound
from prefect.states import Crashed
from pydantic import ValidationError

from fashion_pggan.errors import UserError, one_line
from fashion_pggan.storage.bounded.plain_file import read_text
from flows.server.silence import OURS

AT_WORK = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
WHEN = {"cron", "day_or", "interval", "anchor_date", "rrule", "timezone"}  # what makes a schedule of Prefect
GONE = "make serve ended, or the machine went down, while it ran: run it again"


def former(deployments: Iterable[str]) -> dict[str, DeploymentResponse]:
    """The deployments that the server knows already, by name."""
    found = {}
    with get_client(sync_client=True) as client:
        for name in deployments:
            try:
                found[name] = client.read_deployment_by_name(name)
            except ObjectNotFound:
                continue
    return found


def kept(
    deployment: DeploymentResponse | None, declared: Iterable[DeploymentScheduleCreate] = ()
) -> dict[str, Any]:
    """What a person has set at a deployment, which Prefect would forget when it is served again.

    Args:
        deployment: as the server knows it.
        declared: its schedules in prefect.yaml, which replace those of the same name; whether one is active
            is what the person has set last.
    """
    known = deployment.schedules if deployment else []
    active = {each.slug: each.active for each in known if each.slug}
    new = [each.model_copy(update={"active": active.get(each.slug or "", each.active)}) for each in declared]
    names = {each.slug for each in new}
    fields = DeploymentScheduleCreate.model_fields.keys()
    schedules = [
        DeploymentScheduleCreate.model_validate({name: getattr(each, name, None) for name in fields})
        for each in known
        if each.slug not in names or each.slug is None
    ]
    if not deployment and not new:
        return {}
    return {"schedules": [*schedules, *new], "paused": deployment.paused if deployment else False}


def declared_in(project: Path) -> dict[str, list[DeploymentScheduleCreate]]:
    """The schedules of prefect.yaml, by the name of their deployment.

    Raises:
        UserError: one of them is none, or has no name.
    """
    if not project.is_file():
        return {}
    return {
        deployment["name"]: [_schedule(project, deployment["name"], entry) for entry in entries]
        for deployment in yaml.safe_load(read_text(project))["deployments"]
        if (entries := deployment.get("schedules"))
    }


def _schedule(project: Path, name: str, entry: dict[str, Any]) -> DeploymentScheduleCreate:
    """An entry of prefect.yaml as Prefect's client takes it."""
    try:
        when = {word: value for word, value in entry.items() if word in WHEN}
        rest = {word: value for word, value in entry.items() if word not in WHEN}
        schedule = DeploymentScheduleCreate.model_validate({"schedule": when, **rest})
    except (ValidationError, AttributeError) as error:
        raise UserError(
            f"{project}: a schedule of {name} cannot be read ({one_line(error)}): correct it"
        ) from error
    if not schedule.slug:
        raise UserError(f"{project}: a schedule of {name} has no name: give it a slug")
    return schedule


def end_runs_of(deployments: Iterable[DeploymentResponse]) -> int:
    """End the runs that a server, just started, believes to be at work, with the runs of stages within them.

    Runs of deployments that workers carry out go on.

    Returns:
        Their number.
    """
    ids = {None, *(deployment.id for deployment in deployments)}  # None: within another run, or `flows run`
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(like_=OURS)),
            flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=AT_WORK))
            ),
        )
        left = [run for run in runs if run.deployment_id in ids]
        for run in left:
            client.set_flow_run_state(run.id, Crashed(message=GONE), force=True)
    return len(left)
