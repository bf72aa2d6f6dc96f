"""What a former `make serve` left on the server: schedules to keep, runs that nobody works on."""

from collections.abc import Iterable
from typing import Any

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

from flows.server.silence import OURS

AT_WORK = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
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


def kept(deployment: DeploymentResponse | None) -> dict[str, Any]:
    """What a person has set at a deployment, which Prefect would forget when it is served again."""
    if deployment is None:
        return {}
    fields = DeploymentScheduleCreate.model_fields.keys()
    schedules = [
        DeploymentScheduleCreate.model_validate({name: getattr(each, name, None) for name in fields})
        for each in deployment.schedules
    ]
    return {"schedules": schedules, "paused": deployment.paused}


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
