"""Work shared between threads: in order, not too far ahead, and over when one of it fails."""

import threading
from collections.abc import Iterator

import pytest

from backend.engines.side_by_side import side_by_side


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_what_was_made_comes_in_the_order_it_was_given(workers: int) -> None:
    assert list(side_by_side(lambda number: number * number, range(20), workers)) == [n * n for n in range(20)]


def test_so_many_are_at_work_at_once() -> None:
    meeting = threading.Barrier(3, timeout=30)

    assert len(list(side_by_side(lambda _: meeting.wait(), range(6), 3))) == 6


def test_one_worker_is_the_caller() -> None:
    assert set(side_by_side(lambda _: threading.get_ident(), range(3), 1)) == {threading.get_ident()}


def test_little_is_begun_before_it_is_asked_for() -> None:
    given: list[int] = []

    def endless() -> Iterator[int]:
        while True:
            given.append(len(given))
            yield given[-1]

    made = side_by_side(lambda number: number, endless(), 2)

    assert [next(made) for _ in range(4)] == [0, 1, 2, 3]
    assert len(given) <= 4 + 2


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_comes_in_its_place_and_ends_the_work(workers: int) -> None:
    begun: list[int] = []

    def work(number: int) -> int:
        begun.append(number)
        return 10 // (3 - number)

    made = side_by_side(work, range(100), workers)

    assert [next(made) for _ in range(3)] == [3, 5, 10]
    with pytest.raises(ZeroDivisionError):
        next(made)
    assert len(begun) < 10
