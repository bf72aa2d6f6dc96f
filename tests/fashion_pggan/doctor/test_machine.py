"""Findings about the machine, from answers that other machines gave or could give."""

import json

import pytest

from fashion_pggan.doctor import machine
from fashion_pggan.doctor.finding import State
from fashion_pggan.params import load_params

CPU_BUILD = {"version": "2.13.0+cpu", "cuda": None, "devices": []}
CUDA_BUILD = {"version": "2.13.0+cu130", "cuda": "13.0", "devices": ["NVIDIA H200", "NVIDIA H200"]}


@pytest.fixture
def torch_says(monkeypatch):
    """What PyTorch and NVIDIA's program answer."""

    def says(facts, driver=""):
        monkeypatch.setattr(machine.shutil, "which", lambda name: driver and f"/usr/bin/{name}")
        answers = {True: driver, False: None if facts is None else f"a warning\n{json.dumps(facts)}"}
        monkeypatch.setattr(machine, "answer_of", lambda command: answers[command[0] == "nvidia-smi"])

    return says


def params(processes):
    given = load_params(machine.Path("params.yaml"))
    return given.model_copy(update={"train": given.train.model_copy(update={"processes": processes})})


@pytest.mark.parametrize(
    ("facts", "driver", "processes", "state", "named"),
    [
        (CPU_BUILD, "", 1, State.OK, "none"),
        (CPU_BUILD, "", 4, State.NOTE, "train.processes is 4"),
        (CPU_BUILD, "NVIDIA H200, 580.1", 1, State.NOTE, "a build for CPUs"),
        (CUDA_BUILD | {"devices": []}, "NVIDIA H200, 580.1", 1, State.NOTE, "with this driver"),
        (CUDA_BUILD, "NVIDIA H200, 580.1\nNVIDIA H200, 580.1", 2, State.OK, "driver 580.1"),
        (CUDA_BUILD, "", 4, State.WRONG, "lower it to 2"),
    ],
)
def test_a_gpu_is_told_by_pytorch_and_its_driver(torch_says, facts, driver, processes, state, named):
    torch_says(facts, driver)
    finding = list(machine._torch(params(processes)))[1]
    assert finding.state is state
    assert named in finding.text(5)


def test_pytorch_that_cannot_be_imported_is_one_line(torch_says):
    torch_says(None)
    [finding] = machine._torch(None)
    assert (finding.state, finding.found) == (State.WRONG, "cannot be imported")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("processor: 0\nflags\t\t: fpu avx2 avx512_bf16 amx_bf16\n", "amx_bf16, avx512_bf16"),
        ("flags\t\t: fpu avx2\n", "no instructions for bfloat16"),
        ("Features\t: fp asimd bf16\n", "(bf16)"),
        ("nothing known\n", "not listed here"),
    ],
)
def test_the_processors_instructions_are_read(tmp_path, monkeypatch, text, said):
    monkeypatch.setattr(machine, "CPU_FACTS", tmp_path / "cpuinfo")
    machine.CPU_FACTS.write_text(text)
    assert said in machine._processor().found


def test_cores_that_others_use_are_a_note(monkeypatch):
    monkeypatch.setattr(machine, "usable_cores", lambda: 8)
    for free, state in ((8, State.OK), (3, State.NOTE)):
        monkeypatch.setattr(machine, "free_cores", lambda free=free: free)
        finding = machine._cores()
        assert (finding.state, f"{free} free now" in finding.found) == (state, True)
