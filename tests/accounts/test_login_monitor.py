"""Open sockets end when their login ends, also if another process ended it."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from sqlalchemy import delete, event, update

from backend.accounts import logins
from backend.accounts.login_monitor import LoginMonitor
from backend.accounts.open_sockets import OpenSockets, TooManySockets
from backend.accounts.tables import Login, User
from backend.accounts.tokens import Login as TokenLogin
from backend.coordination.leases import Leases
from backend.database import Database, utc_now

NOW = utc_now()


@pytest.fixture
def open_sockets(database: Database) -> OpenSockets:
    return OpenSockets(Leases(database), max_per_user=100)


@pytest.fixture
def login_monitor(database: Database, open_sockets: OpenSockets) -> LoginMonitor:
    return LoginMonitor(database, open_sockets)


@pytest.fixture
def signed_in(database: Database) -> Callable[[str], Awaitable[TokenLogin]]:
    async def sign_in(name: str) -> TokenLogin:
        async with database.write() as session:
            user = await session.get(User, name)
            if user is None:
                user = User(id=name, username=name, username_key=name)
                session.add(user)
                await session.flush()
            login, _ = await logins.open_login(session, user, device="", now=NOW, days=30)
        return TokenLogin(user.id, user.token_epoch, login.id)

    return sign_in


SignedIn = Callable[[str], Awaitable[TokenLogin]]
ADA = User.id == "ada"
ENDS = {
    "the user is disabled": update(User).where(ADA).values(active=False),
    "every login is ended": update(User).where(ADA).values(token_epoch=User.token_epoch + 1),
    "the user is deleted": delete(User).where(ADA),
    "the login is ended": update(Login).where(Login.user_id == "ada").values(ended_at=NOW),
    "the login expires": update(Login).where(Login.user_id == "ada").values(expires_at=NOW),
    "the login is deleted": delete(Login).where(Login.user_id == "ada"),
}


@pytest.mark.parametrize("end", ENDS)
async def test_a_login_ended_by_another_process_ends_its_own_sockets_only(
    database: Database, open_sockets: OpenSockets, login_monitor: LoginMonitor, signed_in: SignedIn, end: str
) -> None:
    async with (
        open_sockets.register(await signed_in("ada")) as ada,
        open_sockets.register(await signed_in("eve")) as eve,
    ):
        await login_monitor.check(NOW)
        assert [ada.is_set(), eve.is_set()] == [False, False]

        async with database.write() as session:
            await session.execute(ENDS[end])
        await login_monitor.check(NOW)

        assert [ada.is_set(), eve.is_set()] == [True, False]


async def test_a_login_without_a_row_is_valid_for_the_current_epoch(
    database: Database, open_sockets: OpenSockets, login_monitor: LoginMonitor, signed_in: SignedIn
) -> None:
    await signed_in("ada")
    async with (
        open_sockets.register(TokenLogin("ada", 0)) as ada,
        open_sockets.register(TokenLogin("ada", 1)) as forged,
    ):
        await login_monitor.check(NOW)

        assert [ada.is_set(), forged.is_set()] == [False, True]


async def test_the_login_of_another_user_is_invalid(
    open_sockets: OpenSockets, login_monitor: LoginMonitor, signed_in: SignedIn
) -> None:
    ada, eve = await signed_in("ada"), await signed_in("eve")
    async with open_sockets.register(TokenLogin(ada.user_id, ada.epoch, eve.id)) as mixed:
        await login_monitor.check(NOW)

        assert mixed.is_set()


async def test_a_socket_ends_when_its_token_expires(
    open_sockets: OpenSockets, login_monitor: LoginMonitor, signed_in: SignedIn
) -> None:
    ada = await signed_in("ada")
    soon = NOW + timedelta(minutes=1)
    async with open_sockets.register(ada, soon) as by_token, open_sockets.register(ada) as by_ticket:
        await login_monitor.check(soon - timedelta(seconds=1))
        assert [by_token.is_set(), by_ticket.is_set()] == [False, False]

        await login_monitor.check(soon)

        assert [by_token.is_set(), by_ticket.is_set()] == [True, False]


async def test_a_check_takes_two_queries_for_any_number_of_sockets_and_none_without(
    database: Database, open_sockets: OpenSockets, login_monitor: LoginMonitor, signed_in: SignedIn
) -> None:
    tokens = [await signed_in(name) for name in ("ada", "eve", "ada")]
    statements: list[str] = []
    event.listen(database.reader.sync_engine, "before_cursor_execute", lambda *facts: statements.append(facts[2]))

    await login_monitor.check(NOW)
    assert statements == []
    async with AsyncExitStack() as stack:
        ended = [await stack.enter_async_context(open_sockets.register(tokens[number % 3])) for number in range(60)]
        statements.clear()
        await login_monitor.check(NOW)
        selects = [query for query in statements if query.startswith("SELECT")]

    assert len(selects) == 2
    assert not any(over.is_set() for over in ended)


async def test_the_monitor_checks_periodically_and_can_be_stopped(
    open_sockets: OpenSockets, login_monitor: LoginMonitor, signed_in: SignedIn
) -> None:
    await signed_in("ada")
    async with open_sockets.register(TokenLogin("ada", 1)) as forged:
        login_monitor.start()
        await forged.wait()
        await login_monitor.stop()


async def test_the_limit_of_sockets_holds_for_all_servers_together(database: Database, signed_in: SignedIn) -> None:
    one, other = OpenSockets(Leases(database), max_per_user=2), OpenSockets(Leases(database), max_per_user=2)
    ada, eve = await signed_in("ada"), await signed_in("eve")

    async with one.register(ada), AsyncExitStack() as stack:
        await stack.enter_async_context(other.register(ada))
        with pytest.raises(TooManySockets):
            await stack.enter_async_context(one.register(ada))
        with pytest.raises(TooManySockets):
            await stack.enter_async_context(other.register(ada))
        await stack.enter_async_context(other.register(eve))

    async with AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(one.register(ada))
    assert one.count() == other.count() == 0
