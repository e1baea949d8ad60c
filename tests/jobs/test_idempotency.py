"""A request sent twice with one key is done once, also by two servers."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select

from backend.accounts.tables import User
from backend.database import Database, utc_now
from backend.errors import ServiceBusy
from backend.jobs import idempotency
from backend.jobs.idempotency import (
    RECORD_LIFETIME,
    IdempotencyKeyReused,
    IdempotencyKeys,
    InvalidIdempotencyKey,
    delete_expired,
    find_record,
)
from backend.jobs.tables import IdempotencyRecord


@pytest.fixture
async def ada(database: Database) -> str:
    async with database.write() as session:
        session.add_all([User(id=name, username=name, username_key=name) for name in ("ada", "eve")])
    return "ada"


async def ask(
    server: IdempotencyKeys, database: Database, owner: str, key: str | None, payload: Any, answer: int
) -> Any:
    """Does what a route does; answers the stored answer, or this one."""
    async with server.begin(database, owner_id=owner, key=key, payload=payload) as idempotent:
        if idempotent.answer is not None:
            return idempotent.answer["number"]
        async with database.write() as session:
            await idempotent.store(session, {"number": answer})
        return answer


async def count_records(database: Database) -> int:
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(IdempotencyRecord)) or 0


async def test_fifty_requests_at_once_get_one_answer(database: Database, ada: str) -> None:
    server = IdempotencyKeys()

    answers = await asyncio.gather(*(ask(server, database, ada, "k", {"a": 1}, number) for number in range(50)))

    assert {0} == set(answers)
    assert 1 == await count_records(database)
    assert {} == server._locks


async def test_answers_survive_a_restart(database: Database, ada: str) -> None:
    await ask(IdempotencyKeys(), database, ada, "k", "this", 1)

    assert 1 == await ask(IdempotencyKeys(), database, ada, "k", "this", 2)
    with pytest.raises(IdempotencyKeyReused):
        await ask(IdempotencyKeys(), database, ada, "k", "that", 3)
    assert 4 == await ask(IdempotencyKeys(), database, "eve", "k", "that", 4)


async def test_requests_without_a_key_are_independent(database: Database, ada: str) -> None:
    server = IdempotencyKeys()

    assert [1, 2] == [await ask(server, database, ada, None, "this", number) for number in (1, 2)]
    assert 0 == await count_records(database)


async def test_a_rolled_back_answer_is_not_stored(database: Database, ada: str) -> None:
    server = IdempotencyKeys()
    with pytest.raises(ZeroDivisionError):
        async with (
            server.begin(database, owner_id=ada, key="k", payload="this") as idempotent,
            database.write() as session,
        ):
            await idempotent.store(session, {"number": 1})
            raise ZeroDivisionError

    assert 2 == await ask(server, database, ada, "k", "this", 2)


async def test_a_request_that_another_server_answered_first_is_told_to_retry(database: Database, ada: str) -> None:
    async with IdempotencyKeys().begin(database, owner_id=ada, key="k", payload="this") as slow:
        await ask(IdempotencyKeys(), database, ada, "k", "this", 1)

        with pytest.raises(ServiceBusy):
            async with database.write() as session:
                await slow.store(session, {"number": 2})

    assert 1 == await ask(IdempotencyKeys(), database, ada, "k", "this", 3)


async def test_answers_expire(database: Database, ada: str) -> None:
    await ask(IdempotencyKeys(), database, ada, "k", "this", 1)
    async with database.write() as session:
        await delete_expired(session, utc_now())
    assert await find_record(database, owner_id=ada, key="k") is not None

    async with database.write() as session:
        await delete_expired(session, utc_now() + RECORD_LIFETIME)
    assert await find_record(database, owner_id=ada, key="k") is None


@pytest.mark.parametrize("key", ["", " ", "a b", "键", "x" * 256, "a\n"])
def test_an_invalid_key_is_refused(key: str) -> None:
    with pytest.raises(InvalidIdempotencyKey):
        idempotency.hash_of(key)
