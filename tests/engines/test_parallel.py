"""Parallel mapping keeps the order, does not run far ahead, and stops at an error."""

import threading
from collections.abc import Iterator

import pytest

from backend.engines.parallel import map_in_order


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_come_in_the_order_of_the_items(workers: int) -> None:
    assert list(map_in_order(lambda number: number * number, range(20), workers)) == [n * n for n in range(20)]


def test_all_workers_run_at_once() -> None:
    meeting = threading.Barrier(3, timeout=30)

    assert len(list(map_in_order(lambda _: meeting.wait(), range(6), 3))) == 6


def test_one_worker_runs_in_the_calling_thread() -> None:
    assert set(map_in_order(lambda _: threading.get_ident(), range(3), 1)) == {threading.get_ident()}


def test_few_items_start_before_results_are_taken() -> None:
    taken: list[int] = []

    def endless() -> Iterator[int]:
        while True:
            taken.append(len(taken))
            yield taken[-1]

    results = map_in_order(lambda number: number, endless(), 2)

    assert [next(results) for _ in range(4)] == [0, 1, 2, 3]
    assert len(taken) <= 4 + 2


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_is_raised_in_order_and_ends_the_work(workers: int) -> None:
    started: list[int] = []

    def work(number: int) -> int:
        started.append(number)
        return 10 // (3 - number)

    results = map_in_order(work, range(100), workers)

    assert [next(results) for _ in range(3)] == [3, 5, 10]
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert len(started) < 10
