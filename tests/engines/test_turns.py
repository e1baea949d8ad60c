from hypothesis import given
from hypothesis import strategies as st

from backend.engines.turns import Claim, FairTurns, Priority


def claim(number: int, owner: str = "a", seconds: float = 60.0, *, interactive: bool = False) -> Claim:
    return Claim(number, Priority(owner, seconds, interactive), seconds)


def numbers(turns: FairTurns, waiting: list[Claim], count: int, slice_seconds: float = 10.0) -> list[int]:
    """Who has the next turns, each of the same length."""
    found = []
    for _ in range(count):
        chosen = turns.choose(waiting)
        turns.charge(chosen, slice_seconds)
        found.append(chosen.number)
    return found


def test_owners_take_turns_however_many_requests_they_have() -> None:
    waiting = [claim(0, "a"), claim(1, "a"), claim(2, "a"), claim(3, "b")]
    assert numbers(FairTurns(), waiting, 6) == [0, 3, 0, 3, 0, 3]


def test_of_one_owner_the_shortest_comes_first() -> None:
    assert numbers(FairTurns(), [claim(0, seconds=14_400), claim(1, seconds=20)], 2) == [1, 1]


def test_an_interactive_request_comes_before_all() -> None:
    waiting = [claim(0, seconds=1), claim(1, "b"), claim(2, "c", 9_000, interactive=True)]
    assert numbers(FairTurns(), waiting, 3) == [2, 2, 2]


def test_a_newcomer_does_not_make_up_for_the_time_before() -> None:
    turns, first = FairTurns(), claim(0, "a")
    numbers(turns, [first], 100)
    assert numbers(turns, [first, claim(1, "b")], 4) == [0, 1, 0, 1]


def test_a_short_newcomer_of_another_owner_is_next() -> None:
    turns, long = FairTurns(), claim(0, "a", 14_400)
    numbers(turns, [long], 5)
    assert numbers(turns, [long, claim(1, "b", 20)], 1) == [1]


def test_a_long_request_has_its_turn_though_short_ones_keep_coming() -> None:
    turns, long = FairTurns(), claim(0, seconds=14_400)
    had = []
    for number in range(1, 40):
        had += numbers(turns, [long, claim(number, seconds=20)], 1)
    assert had.count(0) == 4


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 1e5), st.booleans()), min_size=1, max_size=8))
def test_nobody_but_behind_interactive_requests_waits_for_ever(requests: list[tuple[str, float, bool]]) -> None:
    waiting = [claim(n, owner, seconds, interactive=live) for n, (owner, seconds, live) in enumerate(requests)]
    had = set(numbers(FairTurns(), waiting, 20 * len(waiting)))
    live = {one.number for one in waiting if one.priority.interactive}
    assert had == (live or {one.number for one in waiting})


def test_a_place_counts_those_who_come_before() -> None:
    waiting = [claim(0, seconds=20), claim(1, seconds=10), claim(2, seconds=30)]
    assert [FairTurns().place_of(one, waiting) for one in waiting] == [1, 0, 2]
