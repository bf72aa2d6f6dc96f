"""What the server is to do about runs that fall silent."""

from collections.abc import Callable
from types import ModuleType, SimpleNamespace

import pytest
from prefect.automations import AutomationCore
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import EventTrigger

from flows.server import silence


class Server:
    """A server that keeps automations."""

    def __init__(self) -> None:
        self.kept: list[AutomationCore] = []

    def read_automations_by_name(self, name: str) -> list[AutomationCore]:
        return [each for each in self.kept if each.name == name]

    def create_automation(self, automation: AutomationCore) -> None:
        self.kept.append(automation)


@pytest.fixture
def server(stands_in: Callable[[ModuleType, object], None]) -> Server:
    server = Server()
    stands_in(silence, server)
    return server


def test_automations_are_made_once(server: Server) -> None:
    silence.watch_silent_runs()
    names = [each.name for each in server.kept]
    assert len(set(names)) == 2
    server.kept.pop()
    silence.watch_silent_runs()
    silence.watch_silent_runs()
    assert [each.name for each in server.kept] == names


def test_a_run_that_sends_nothing_for_three_heartbeats_has_crashed() -> None:
    silent, unborn = silence.automations()
    for automation in (silent, unborn):
        trigger, (action,) = automation.trigger, automation.actions
        assert isinstance(trigger, EventTrigger)
        assert isinstance(action, ChangeFlowRunState)
        assert action.state is StateType.CRASHED
        assert {"prefect.flow-run.heartbeat", "prefect.flow-run.Cancelled"} <= trigger.expect
        assert trigger.for_each == {"prefect.resource.id"}
    assert isinstance(silent.trigger, EventTrigger)
    assert 3 * int(silence.OFTEN["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"]) < silent.trigger.within.total_seconds()


@pytest.mark.parametrize(("flow", "ours"), [("fashion-pggan-crawl", True), ("another", False)])
def test_only_our_own_flows_are_judged(flow: str, *, ours: bool) -> None:
    trigger = silence.automations()[0].trigger
    assert isinstance(trigger, EventTrigger)
    assert isinstance(trigger.match_related, silence.ResourceSpecification)
    resource = SimpleNamespace(get={"prefect.resource.role": "flow", "prefect.resource.name": flow}.get)
    assert trigger.match_related.matches(resource) is ours  # type: ignore[arg-type]  # only `get` is asked
