"""A fleet's order: what machines agree on, what is done, and where the stores are."""

import shutil
from pathlib import Path

import pytest

from fashion_pggan.errors import UserError
from fashion_pggan.params import Params, load_params, parse_params
from flows.deployed.fleet.order import (
    ORDER,
    Order,
    check_collected,
    check_plan,
    folder_of,
    is_done,
    mark_done,
    order_in,
    params_of_part,
    plan_of,
)
from tests.flows.toy import REPOSITORY

PRESET = REPOSITORY / "presets/paper.yaml"


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Params:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(REPOSITORY / "vocabularies", "vocabularies")
    return load_params(PRESET)


def test_an_order_is_kept_until_plan_or_parts_change(tmp_path: Path) -> None:
    order = order_in(tmp_path, "plan", 3)
    assert order.names == ["1/3", "2/3", "3/3"]
    order.done["2/3"] = "m2:/data/2-of-3"
    order.write(tmp_path)
    assert order_in(tmp_path, "plan", 3) == order
    for changed in (order_in(tmp_path, "another", 3), order_in(tmp_path, "plan", 4)):
        assert (changed.crawl == order.crawl, changed.done) == (False, {})


@pytest.mark.parametrize(
    "text", ["", "{}", '{"crawl": 1}', "\udc80", '{"crawl":"a","plan":"b","parts":1,"x":2}']
)
def test_a_damaged_order_is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / ORDER).write_text(text, errors="surrogateescape")
    with pytest.raises(UserError, match=r"order\.json is damaged: delete it to crawl all parts again"):
        order_in(tmp_path, "plan", 3)


@pytest.mark.parametrize(
    "changes",
    [
        {"part": "2/3"},
        {"calls_per_s": 1.0, "daily_calls": 5},
        {"concurrent_requests": 1, "delay_s": 2.0, "timeout_s": 1.0},
        {"contact": "me@example.org", "wait_for_quota": True},
    ],
)
def test_each_machine_has_its_own_pace(params: Params, changes: dict[str, object]) -> None:
    check_plan(params.crawl.model_copy(update=changes), plan_of(params.crawl), "m2")


@pytest.mark.parametrize(
    "changes",
    [{"queries": ["a"]}, {"min_side": 7}, {"max_products": 1}, {"sort": "date"}, {"vocabulary": ""}],
)
def test_machines_with_another_plan_are_refused(params: Params, changes: dict[str, object]) -> None:
    with pytest.raises(
        UserError, match=r"m2 has other code, parameters .*: check out the same commit on both"
    ):
        check_plan(params.crawl.model_copy(update=changes), plan_of(params.crawl), "m2")


@pytest.mark.parametrize("file", ["vocabularies/tops.yaml", "tombstones.jsonl"])
def test_machines_with_other_words_or_tombstones_are_refused(params: Params, file: str) -> None:
    plan = plan_of(params.crawl)
    with Path(file).open("a") as opened:
        opened.write("\n")
    with pytest.raises(UserError, match=r"word lists or tombstones"):
        check_plan(params.crawl, plan, "m2")


def test_a_part_has_the_parameters_of_its_machine_and_a_share_of_the_key(params: Params) -> None:
    own = parse_params(params_of_part(params, "2/3", 3), "part")
    assert (own.crawl.part, own.crawl.key_shared_by, own.crawl.max_missing) == ("2/3", 3, 1.0)
    back = {"part": "1/1", "key_shared_by": 1, "max_missing": params.crawl.max_missing}
    assert own.model_copy(update={"crawl": own.crawl.model_copy(update=back)}) == params


def test_stores_on_other_machines_are_named_with_the_command_that_brings_them(tmp_path: Path) -> None:
    done = {"1/2": "m1:/here/1-of-2", "2/2": "m2:/there/2-of-2"}
    order = Order(crawl="c", plan="p", parts=2, done=done)
    folder = folder_of(tmp_path, "1/2")
    folder.mkdir()
    mark_done(folder, "an earlier one")
    assert not is_done(folder, "c")
    mark_done(folder, "c")
    with pytest.raises(UserError, match=r"the stores of 2/2 are on other machines") as caught:
        check_collected(order, tmp_path)
    assert f"rsync -a m2:/there/2-of-2/ {tmp_path}/2-of-2/" in str(caught.value)
    folder_of(tmp_path, "2/2").mkdir()
    mark_done(folder_of(tmp_path, "2/2"), "c")
    check_collected(order, tmp_path)
