"""How many cores a model's threads are shared out of."""

import os
from pathlib import Path

import pytest

from backend.engines.cores import cores, threads_of
from backend.engines.hosts import Engines


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The limits of a machine of 64 cores, of which this process is in house.slice/asr.service."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(64)), raising=False)
    (tmp_path / "house.slice" / "asr.service").mkdir(parents=True)
    (tmp_path / "own").write_text("1:cpu:/elsewhere\n0::/house.slice/asr.service\n")
    return tmp_path


@pytest.mark.parametrize(
    ("limit", "expected"),
    [("400000 100000", 4), ("250000 100000", 2), ("50000 100000", 1), ("max 100000", 64), ("nonsense", 64)],
)
def test_a_service_counts_what_it_may_use_and_not_what_the_machine_has(groups: Path, limit: str, expected: int) -> None:
    (groups / "house.slice" / "asr.service" / "cpu.max").write_text(limit)

    assert cores(groups, groups / "own") == expected


def test_the_tightest_limit_around_it_counts(groups: Path) -> None:
    (groups / "cpu.max").write_text("800000 100000")
    (groups / "house.slice" / "cpu.max").write_text("200000 100000")
    (groups / "house.slice" / "asr.service" / "cpu.max").write_text("max 100000")

    assert cores(groups, groups / "own") == 2


def test_a_container_sees_itself_at_the_root(groups: Path) -> None:
    (groups / "own").write_text("0::/\n")
    (groups / "cpu.max").write_text("300000 100000")

    assert cores(groups, groups / "own") == 3


def test_a_limit_wider_than_the_machine_is_none(groups: Path) -> None:
    (groups / "cpu.max").write_text("9600000 100000")

    assert cores(groups, groups / "own") == 64


def test_a_system_without_groups_counts_its_cores(groups: Path) -> None:
    assert cores(groups / "none", groups / "nothing") == 64


@pytest.mark.parametrize(("there", "recogniser"), [(1, 1), (2, 1), (7, 3), (16, 8)])
def test_a_recogniser_has_half_of_the_cores_and_a_diarizer_what_is_left(
    monkeypatch: pytest.MonkeyPatch, there: int, recogniser: int
) -> None:
    monkeypatch.setattr("backend.engines.cores.cores", lambda: there)

    assert (threads_of("transcribe"), threads_of("diarize")) == (recogniser, there)


@pytest.mark.parametrize(("threads", "expected"), [(0, (2, 4)), (3, (3, 3))])
def test_each_engine_gets_its_share_unless_somebody_said_how_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int, expected: tuple[int, int]
) -> None:
    monkeypatch.setattr("backend.engines.cores.cores", lambda: 4)
    engines = Engines(tmp_path, threads=threads, demo=True)

    homes = engines._host("scripted", "transcribe")._home, engines._host("scripted-diarizer", "diarize")._home

    assert (homes[0].threads, homes[1].threads) == expected
