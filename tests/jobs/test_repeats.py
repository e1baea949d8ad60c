"""Asked twice with one key is done once, also where two servers are asked."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select

from backend.accounts.tables import User
from backend.database import Database, utc_now
from backend.errors import ServiceBusy
from backend.jobs import repeats
from backend.jobs.repeats import REMEMBERED, BadKey, KeyReused, Repeats, find, forget
from backend.jobs.tables import Answered


@pytest.fixture
async def ada(database: Database) -> str:
    async with database.write() as session:
        session.add_all([User(id=name, username=name, username_key=name) for name in ("ada", "eve")])
    return "ada"


async def ask(server: Repeats, database: Database, owner: str, key: str | None, asked: Any, answer: int) -> Any:
    """As a route does: the first answer, or this one."""
    async with server.turn(database, owner_id=owner, key=key, asked=asked) as turn:
        if turn.answer is not None:
            return turn.answer["number"]
        async with database.write() as session:
            await turn.remember(session, {"number": answer})
        return answer


async def remembered(database: Database) -> int:
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(Answered)) or 0


async def test_fifty_at_once_hear_one_answer(database: Database, ada: str) -> None:
    server = Repeats()

    answers = await asyncio.gather(*(ask(server, database, ada, "k", {"a": 1}, number) for number in range(50)))

    assert {0} == set(answers)
    assert 1 == await remembered(database)
    assert {} == server._turns


async def test_a_restart_forgets_nothing(database: Database, ada: str) -> None:
    await ask(Repeats(), database, ada, "k", "this", 1)

    assert 1 == await ask(Repeats(), database, ada, "k", "this", 2)
    with pytest.raises(KeyReused):
        await ask(Repeats(), database, ada, "k", "that", 3)
    assert 4 == await ask(Repeats(), database, "eve", "k", "that", 4)


async def test_without_a_key_each_request_is_one_of_its_own(database: Database, ada: str) -> None:
    server = Repeats()

    assert [1, 2] == [await ask(server, database, ada, None, "this", number) for number in (1, 2)]
    assert 0 == await remembered(database)


async def test_what_was_rolled_back_is_not_remembered(database: Database, ada: str) -> None:
    server = Repeats()
    with pytest.raises(ZeroDivisionError):
        async with server.turn(database, owner_id=ada, key="k", asked="this") as turn, database.write() as session:
            await turn.remember(session, {"number": 1})
            raise ZeroDivisionError

    assert 2 == await ask(server, database, ada, "k", "this", 2)


async def test_another_server_that_was_faster_means_come_back(database: Database, ada: str) -> None:
    async with Repeats().turn(database, owner_id=ada, key="k", asked="this") as slow:
        await ask(Repeats(), database, ada, "k", "this", 1)

        with pytest.raises(ServiceBusy):
            async with database.write() as session:
                await slow.remember(session, {"number": 2})

    assert 1 == await ask(Repeats(), database, ada, "k", "this", 3)


async def test_answers_are_forgotten_in_time(database: Database, ada: str) -> None:
    await ask(Repeats(), database, ada, "k", "this", 1)
    async with database.write() as session:
        await forget(session, utc_now())
    assert await find(database, owner_id=ada, key="k") is not None

    async with database.write() as session:
        await forget(session, utc_now() + REMEMBERED)
    assert await find(database, owner_id=ada, key="k") is None


@pytest.mark.parametrize("key", ["", " ", "a b", "键", "x" * 256, "a\n"])
def test_a_key_is_visible_and_short(key: str) -> None:
    with pytest.raises(BadKey):
        repeats.hash_of(key)
