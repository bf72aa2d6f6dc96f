"""What a former `make serve` left on the server is kept, or ended."""

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas.filters import FlowFilter, FlowRunFilter
from prefect.client.schemas.objects import DeploymentSchedule, State, StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule
from prefect.exceptions import ObjectNotFound

from fashion_pggan.errors import UserError
from flows.deployed import former as module
from flows.deployed.former import AT_WORK, GONE, declared_in, end_runs_of, former, kept
from tests.flows.toy import REPOSITORY


def deployment_of(**values: object) -> DeploymentResponse:
    return DeploymentResponse.model_validate({"id": uuid4(), "name": "full", "flow_id": uuid4(), **values})


class Server:
    """A server of one deployment with one run at work, as the client shows it."""

    def __init__(self) -> None:
        self.deployment, self.run, self.stage = deployment_of(), uuid4(), uuid4()
        self.states: dict[UUID, State] = {}
        self.others = [uuid4()]  # deployments whose runs are at work, too

    def read_deployment_by_name(self, name: str) -> DeploymentResponse:
        if name != "fashion-pggan/full":
            raise ObjectNotFound(KeyError(name))
        return self.deployment

    def read_flow_runs(
        self, *, flow_filter: FlowFilter, flow_run_filter: FlowRunFilter
    ) -> list[SimpleNamespace]:
        assert flow_filter.name
        assert flow_filter.name.like_ == "fashion-pggan"
        assert flow_run_filter.state
        assert flow_run_filter.state.type
        assert flow_run_filter.state.type.any_ == AT_WORK
        stage = SimpleNamespace(id=self.stage, deployment_id=None)
        asked = [(self.run, self.deployment.id), *((uuid4(), other) for other in self.others)]
        return [stage, *(SimpleNamespace(id=run, deployment_id=deployment) for run, deployment in asked)]

    def set_flow_run_state(self, run: UUID, state: State, *, force: bool) -> None:
        assert force  # the server's rules would let a run at work continue
        self.states[run] = state


@pytest.fixture
def server(stands_in: Callable[[ModuleType, object], None]) -> Server:
    server = Server()
    stands_in(module, server)
    return server


def test_deployments_that_the_server_does_not_know_are_left_out(server: Server) -> None:
    found = former(["fashion-pggan/full", "fashion-pggan-train/train"])
    assert found == {"fashion-pggan/full": server.deployment}


def test_a_new_deployment_has_nothing_to_keep() -> None:
    assert kept(None) == {}


@pytest.mark.parametrize("paused", [False, True])
def test_schedules_are_kept_with_what_was_set_at_them_and_so_is_a_pause(paused: bool) -> None:
    nightly = CronSchedule(cron="0 3 * * *", timezone="Asia/Seoul")
    schedules = [
        DeploymentSchedule(schedule=nightly, active=False, parameters={"seed": 3}, slug="nightly"),
        DeploymentSchedule(schedule=CronSchedule(cron="0 4 * * 1")),
    ]
    found = kept(deployment_of(schedules=schedules, paused=paused))
    assert found["paused"] is paused
    one, other = found["schedules"]
    assert (one.schedule, one.active, one.parameters, one.slug) == (nightly, False, {"seed": 3}, "nightly")
    assert (other.schedule.cron, other.active, other.slug) == ("0 4 * * 1", True, None)


PROJECT = """
deployments:
  - name: weekly
    schedules:
      - {slug: mondays, cron: "0 3 * * 1", timezone: Asia/Seoul, parameters: {min_new_images: 9}}
  - name: full
"""


def test_schedules_of_prefect_yaml_replace_those_of_their_name_and_stay_switched_off(tmp_path: Path) -> None:
    (tmp_path / "prefect.yaml").write_text(PROJECT)
    declared = declared_in(tmp_path / "prefect.yaml")
    assert list(declared) == ["weekly"]
    assert declared_in(tmp_path / "none.yaml") == {}
    (new,) = kept(None, declared["weekly"])["schedules"]
    assert (new.schedule.cron, new.schedule.timezone, new.active) == ("0 3 * * 1", "Asia/Seoul", True)
    schedules = [
        DeploymentSchedule(schedule=CronSchedule(cron="0 5 * * 1"), active=False, slug="mondays"),
        DeploymentSchedule(schedule=CronSchedule(cron="0 4 * * 2")),
    ]
    by_hand, again = kept(deployment_of(schedules=schedules), declared["weekly"])["schedules"]
    assert (by_hand.schedule.cron, by_hand.active) == ("0 4 * * 2", True)
    assert (again.schedule.cron, again.active, again.parameters) == (
        "0 3 * * 1",
        False,
        {"min_new_images": 9},
    )


@pytest.mark.parametrize(
    ("written", "error"),
    [
        (
            '{slug: a, cron: "at three"}',
            r"prefect\.yaml: a schedule of weekly cannot be read \(.*: correct it$",
        ),
        ("daily", r"a schedule of weekly cannot be read"),
        ('{cron: "0 3 * * 1"}', r"a schedule of weekly has no name: give it a slug$"),
    ],
)
def test_a_schedule_that_is_none_is_named(tmp_path: Path, written: str, error: str) -> None:
    path = tmp_path / "prefect.yaml"
    path.write_text(f"deployments:\n  - name: weekly\n    schedules:\n      - {written}\n")
    with pytest.raises(UserError, match=error):
        declared_in(path)


def test_the_schedule_that_prefect_yaml_proposes_can_be_read(tmp_path: Path) -> None:
    text = (REPOSITORY / "prefect.yaml").read_text()
    proposed = re.sub(r"^    # (schedules:|  .*)$", r"    \1", text, flags=re.MULTILINE)
    (tmp_path / "prefect.yaml").write_text(proposed)
    (schedule,) = declared_in(tmp_path / "prefect.yaml")["weekly"]
    assert schedule.slug == "weekly"
    assert schedule.parameters == {"min_new_images": 200}
    assert declared_in(REPOSITORY / "prefect.yaml") == {}


def test_runs_that_were_at_work_are_marked_as_crashed_with_the_reason(server: Server) -> None:
    assert end_runs_of([server.deployment]) == 2
    assert set(server.states) == {server.run, server.stage}  # not those of workers
    state = server.states[server.run]
    assert (state.type, state.message) == (StateType.CRASHED, GONE)
    assert StateType.SCHEDULED not in AT_WORK  # a schedule's next run still comes
