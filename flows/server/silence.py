"""Runs that fall silent: the server marks them as crashed, and so gives their place in the pool free."""

from datetime import timedelta

from prefect.automations import AutomationCore
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification

OURS = "fashion-pggan"  # begins the names of our flows; runs of others send heartbeats less often
STATE = "prefect.flow-run."
HEARTBEAT = f"{STATE}heartbeat"
OFTEN = {"PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30"}  # seconds; also in prefect.yaml
SILENT = timedelta(seconds=100)  # without a heartbeat: three have not come
STARTING = timedelta(minutes=15)  # from the worker's decision to the first heartbeat; it may pull an image
WAITING = {f"{STATE}{name}" for name in ("Scheduled", "Late", "AwaitingRetry", "AwaitingConcurrencySlot")}
ENDED = {f"{STATE}{name}" for name in ("Completed", "Failed", "Cancelled", "Crashed")}
GONE = "no sign of life for %s: its worker ended, or the machine is gone. Run it again, which resumes it"


def watch_silent_runs() -> None:
    """Have the server mark runs without a sign of life as crashed, by Prefect's automations, made once."""
    with get_client(sync_client=True) as client:
        for automation in automations():
            if not client.read_automations_by_name(automation.name):
                client.create_automation(automation)


def automations() -> list[AutomationCore]:
    """What the server is to do about runs that were at work, and about those that a worker had just taken."""
    return [
        _crash("fashion-pggan: silent runs have crashed", {HEARTBEAT}, {HEARTBEAT, *ENDED}, SILENT),
        _crash(
            "fashion-pggan: runs that do not start have crashed",
            {f"{STATE}Pending"},
            {HEARTBEAT, f"{STATE}Running", *WAITING, *ENDED},
            STARTING,
        ),
    ]


def _crash(name: str, after: set[str], expect: set[str], within: timedelta) -> AutomationCore:
    return AutomationCore(
        name=name,
        trigger=EventTrigger(
            after=after,
            expect=expect,
            match=ResourceSpecification({"prefect.resource.id": [f"{STATE}*"]}),
            match_related=ResourceSpecification(
                {"prefect.resource.role": ["flow"], "prefect.resource.name": [f"{OURS}*"]}
            ),
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=within,
        ),
        actions=[ChangeFlowRunState(name=None, state=StateType.CRASHED, message=GONE % within, force=False)],
    )
