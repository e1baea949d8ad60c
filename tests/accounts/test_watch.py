"""Open sockets end when their login does, also where another process ended it; all of them are asked after at once."""

from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from datetime import timedelta

import pytest
from sqlalchemy import delete, event, update

from backend.accounts import logins
from backend.accounts.presence import Presence
from backend.accounts.tables import Login, User
from backend.accounts.tokens import Login as Key
from backend.accounts.watch import Watch
from backend.database import Database, utc_now

NOW = utc_now()


@pytest.fixture
def presence() -> Presence:
    return Presence(most=10_000)


@pytest.fixture
def watch(database: Database, presence: Presence) -> Watch:
    return Watch(database, presence)


@pytest.fixture
def signed_in(database: Database) -> Callable[[str], Awaitable[Key]]:
    async def sign_in(name: str) -> Key:
        async with database.write() as session:
            user = await session.get(User, name)
            if user is None:
                user = User(id=name, username=name, username_key=name)
                session.add(user)
                await session.flush()
            login, _ = await logins.open_login(session, user, device="", now=NOW, days=30)
        return Key(user.id, user.token_epoch, login.id)

    return sign_in


SignedIn = Callable[[str], Awaitable[Key]]
ADA = User.id == "ada"
ENDS = {
    "the user is disabled": update(User).where(ADA).values(active=False),
    "every login is ended": update(User).where(ADA).values(token_epoch=User.token_epoch + 1),
    "the user is deleted": delete(User).where(ADA),
    "the login is ended": update(Login).where(Login.user_id == "ada").values(ended_at=NOW),
    "the login expires": update(Login).where(Login.user_id == "ada").values(expires_at=NOW),
    "the login is forgotten": delete(Login).where(Login.user_id == "ada"),
}


@pytest.mark.parametrize("end", ENDS)
async def test_a_login_that_ends_elsewhere_ends_its_sockets_and_no_others(
    database: Database, presence: Presence, watch: Watch, signed_in: SignedIn, end: str
) -> None:
    with presence.enter(await signed_in("ada")) as ada, presence.enter(await signed_in("eve")) as eve:
        await watch.look(NOW)
        assert [ada.is_set(), eve.is_set()] == [False, False]

        async with database.write() as session:
            await session.execute(ENDS[end])
        await watch.look(NOW)

        assert [ada.is_set(), eve.is_set()] == [True, False]


async def test_a_login_without_a_row_lives_as_long_as_its_user(
    database: Database, presence: Presence, watch: Watch, signed_in: SignedIn
) -> None:
    await signed_in("ada")
    with presence.enter(Key("ada", 0)) as ada, presence.enter(Key("ada", 1)) as forged:
        await watch.look(NOW)

        assert [ada.is_set(), forged.is_set()] == [False, True]


async def test_the_login_of_another_user_is_no_login(presence: Presence, watch: Watch, signed_in: SignedIn) -> None:
    ada, eve = await signed_in("ada"), await signed_in("eve")
    with presence.enter(Key(ada.user_id, ada.epoch, eve.id)) as mixed:
        await watch.look(NOW)

        assert mixed.is_set()


async def test_a_token_opens_a_socket_until_it_expires(presence: Presence, watch: Watch, signed_in: SignedIn) -> None:
    ada = await signed_in("ada")
    soon = NOW + timedelta(minutes=1)
    with presence.enter(ada, soon) as by_token, presence.enter(ada) as by_ticket:
        await watch.look(soon - timedelta(seconds=1))
        assert [by_token.is_set(), by_ticket.is_set()] == [False, False]

        await watch.look(soon)

        assert [by_token.is_set(), by_ticket.is_set()] == [True, False]


async def test_a_look_is_two_queries_however_many_listen_and_none_where_nobody_does(
    database: Database, presence: Presence, watch: Watch, signed_in: SignedIn
) -> None:
    keys = [await signed_in(name) for name in ("ada", "eve", "ada")]
    asked: list[str] = []
    event.listen(database.reader.sync_engine, "before_cursor_execute", lambda *facts: asked.append(facts[2]))

    await watch.look(NOW)
    assert asked == []
    with ExitStack() as stack:
        overs = [stack.enter_context(presence.enter(keys[number % 3])) for number in range(1000)]
        await watch.look(NOW)

    assert len([query for query in asked if query.startswith("SELECT")]) == 2
    assert not any(over.is_set() for over in overs)


async def test_the_watch_looks_by_itself_and_stops_when_it_is_told_to(
    presence: Presence, watch: Watch, signed_in: SignedIn
) -> None:
    await signed_in("ada")
    with presence.enter(Key("ada", 1)) as forged:
        watch.start()
        await forged.wait()
        await watch.stop()
