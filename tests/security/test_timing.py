"""A clock tells nobody who has an account here."""

import random
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import count
from time import perf_counter

import pytest

from backend.accounts.throttle import Throttle
from backend.database import Database
from backend.settings import Settings
from tests.accounts.people import House, make_app, open_house

_ATTEMPTS = 200
#: By chance alone one round in twelve leaves the range (of 200 and 200 the AUC spreads by 0.029); four in a row do so
#: once in 20,000 times, and a difference that can be measured does so always.
_ROUNDS = 4


def auc(ones: Sequence[float], others: Sequence[float]) -> float:
    """How often one of `ones` is longer than one of `others`: 0.5 where nobody can tell them apart."""
    ranked = sorted(others)
    wins = sum((bisect_left(ranked, one) + bisect_right(ranked, one)) / 2 for one in ones)
    return wins / (len(ones) * len(others))


async def seconds(house: House, name: str, password: str) -> float:
    began = perf_counter()
    answer = await house.login(name, password)
    took = perf_counter() - began
    assert answer.status_code == 401
    return took


async def told_apart(house: House, names: tuple[str, str]) -> float:
    """Attempts on both in turns, in an order nobody can foresee: what slows the machine down slows down both."""
    took: dict[str, list[float]] = {name: [] for name in names}
    order = random.Random(1)
    for _ in range(_ATTEMPTS):
        for name in order.sample(names, 2):
            took[name].append(await seconds(house, name, "a wrong guess of theirs"))
    return auc(took[names[0]], took[names[1]])


def test_the_measure_knows_what_can_be_told_apart() -> None:
    assert auc([1, 2, 3], [4, 5, 6]) == 0
    assert auc([4, 5, 6], [1, 2, 3]) == 1
    assert auc([1, 2, 3], [1, 2, 3]) == 0.5


@pytest.mark.parametrize("other", ["nobody has this name", "linus"])
async def test_the_time_of_a_refusal_does_not_say_whether_the_name_exists(
    settings: Settings, database: Database, other: str
) -> None:
    app, hours = make_app(settings, database), count(step=3600)
    app.state.throttle = Throttle(lambda: float(next(hours)))  # each guess comes an hour after the last
    async with open_house(app) as house:
        async with database.write() as session:
            (await session.merge(house.people["linus"])).active = False
        await seconds(house, "ada", "the first guess warms everything up")

        found: list[float] = []
        while len(found) < _ROUNDS and not any(0.45 <= one <= 0.55 for one in found):
            found.append(await told_apart(house, ("ada", other)))

    assert 0.45 <= found[-1] <= 0.55, found
