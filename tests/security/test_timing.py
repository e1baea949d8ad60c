"""Response times do not reveal who has an account."""

import random
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count
from time import perf_counter

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.throttle import Throttle
from backend.database import Database, utc_now
from backend.settings import Settings
from tests.accounts.people import Api, make_app, open_api

_ATTEMPTS = 200
#: By chance one round in twelve is outside the range (the standard deviation of the AUC is 0.029 for 200 and 200
#: samples), and four in a row once in 20,000 runs. A measurable difference is outside always.
_ROUNDS = 4


def auc(ones: Sequence[float], others: Sequence[float]) -> float:
    """The probability that one of `ones` exceeds one of `others`: 0.5 if they cannot be told apart."""
    ranked = sorted(others)
    wins = sum((bisect_left(ranked, one) + bisect_right(ranked, one)) / 2 for one in ones)
    return wins / (len(ones) * len(others))


async def seconds(api: Api, name: str, password: str) -> float:
    started = perf_counter()
    answer = await api.login(name, password)
    took = perf_counter() - started
    assert answer.status_code == 401
    return took


async def measured_auc(api: Api, names: tuple[str, str]) -> float:
    """Attempts on both names in random order, so that other load affects both equally."""
    took: dict[str, list[float]] = {name: [] for name in names}
    order = random.Random(1)
    for _ in range(_ATTEMPTS):
        for name in order.sample(names, 2):
            took[name].append(await seconds(api, name, "a wrong guess of theirs"))
    return auc(took[names[0]], took[names[1]])


def test_auc_detects_differences() -> None:
    assert auc([1, 2, 3], [4, 5, 6]) == 0
    assert auc([4, 5, 6], [1, 2, 3]) == 1
    assert auc([1, 2, 3], [1, 2, 3]) == 0.5


@pytest.mark.parametrize("other", ["nobody has this name", "linus"])
async def test_response_time_does_not_reveal_whether_a_name_exists(
    settings: Settings, database: Database, other: str
) -> None:
    app, start, hours = make_app(settings, database), utc_now(), count()

    async def an_hour_later(_session: AsyncSession) -> datetime:
        return start + timedelta(hours=next(hours))

    app.state.throttle = Throttle(database, an_hour_later)  # so that no attempt has to wait
    async with open_api(app) as api:
        async with database.write() as session:
            (await session.merge(api.people["linus"])).active = False
        await seconds(api, "ada", "the first guess warms everything up")

        found: list[float] = []
        while len(found) < _ROUNDS and not any(0.45 <= one <= 0.55 for one in found):
            found.append(await measured_auc(api, ("ada", other)))

    assert 0.45 <= found[-1] <= 0.55, found
