"""Requests to stop wait for the end of a step."""

import os
import signal

import pytest
import torch

from train.machine import interruption
from train.machine.interruption import between_steps
from train.processes.ranks import Ranks

ALONE = Ranks(0, 1, torch.device("cpu"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_request_is_noted_and_further_ones_change_nothing(number):
    before = signal.getsignal(number)
    with between_steps(ALONE, 30.0) as asked:
        assert not asked.look()
        for again in (number, number, signal.SIGTERM):
            os.kill(os.getpid(), again)
        assert asked.look()
        with pytest.raises(SystemExit) as ended:
            asked.obey()
    assert ended.value.code == 128 + number
    assert signal.getsignal(number) is before


def test_a_second_ctrl_c_acts_at_once(monkeypatch):
    monkeypatch.setattr(interruption, "SAME_S", -1.0)
    with between_steps(ALONE, 30.0):
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_a_signal_that_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with between_steps(ALONE, 30.0) as asked:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not asked.look()
    finally:
        signal.signal(signal.SIGHUP, before)
