"""The number of cores that engines may use."""

import os
from pathlib import Path

import pytest

from backend.engines.cores import available_cores, threads_for
from backend.engines.hosts import Engines


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cgroup limits of a machine with 64 cores, with this process in server.slice/asr.service."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(64)), raising=False)
    (tmp_path / "server.slice" / "asr.service").mkdir(parents=True)
    (tmp_path / "own").write_text("1:cpu:/elsewhere\n0::/server.slice/asr.service\n")
    return tmp_path


@pytest.mark.parametrize(
    ("limit", "expected"),
    [("400000 100000", 4), ("250000 100000", 2), ("50000 100000", 1), ("max 100000", 64), ("nonsense", 64)],
)
def test_the_cpu_limit_of_a_service_counts_instead_of_the_machine(groups: Path, limit: str, expected: int) -> None:
    (groups / "server.slice" / "asr.service" / "cpu.max").write_text(limit)

    assert available_cores(groups, groups / "own") == expected


def test_the_lowest_limit_of_the_parent_groups_counts(groups: Path) -> None:
    (groups / "cpu.max").write_text("800000 100000")
    (groups / "server.slice" / "cpu.max").write_text("200000 100000")
    (groups / "server.slice" / "asr.service" / "cpu.max").write_text("max 100000")

    assert available_cores(groups, groups / "own") == 2


def test_the_limit_of_a_container_at_the_cgroup_root_counts(groups: Path) -> None:
    (groups / "own").write_text("0::/\n")
    (groups / "cpu.max").write_text("300000 100000")

    assert available_cores(groups, groups / "own") == 3


def test_a_limit_above_the_machines_cores_has_no_effect(groups: Path) -> None:
    (groups / "cpu.max").write_text("9600000 100000")

    assert available_cores(groups, groups / "own") == 64


def test_without_cgroups_the_cores_of_the_machine_count(groups: Path) -> None:
    assert available_cores(groups / "none", groups / "nothing") == 64


@pytest.mark.parametrize(("there", "recogniser"), [(1, 1), (2, 1), (7, 3), (16, 8)])
def test_a_recogniser_gets_half_of_the_cores_and_a_diarizer_all(
    monkeypatch: pytest.MonkeyPatch, there: int, recogniser: int
) -> None:
    monkeypatch.setattr("backend.engines.cores.available_cores", lambda: there)

    assert (threads_for("transcribe"), threads_for("diarize")) == (recogniser, there)


@pytest.mark.parametrize(("threads", "expected"), [(0, (2, 4)), (3, (3, 3))])
def test_each_engine_gets_its_share_unless_threads_are_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int, expected: tuple[int, int]
) -> None:
    monkeypatch.setattr("backend.engines.cores.available_cores", lambda: 4)
    engines = Engines(tmp_path, threads=threads, demo=True)

    homes = engines._host("scripted", "transcribe")._context, engines._host("scripted-diarizer", "diarize")._context

    assert (homes[0].threads, homes[1].threads) == expected
