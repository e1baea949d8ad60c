"""User names, signing in, and who may change whom."""

from typing import Any

import argon2
import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts import service
from backend.accounts.passwords import Passwords
from backend.accounts.tables import Role, User
from backend.database import Database
from backend.errors import Conflict, TooManyRequests
from tests.accounts.people import PASSWORD, ROLES, create_users

People = dict[str, User]


@pytest.fixture
async def people(database: Database) -> People:
    return await create_users(database)


@pytest.mark.parametrize(
    "typed", ["Ada Lovelace", "  ada lovelace ", "ADA  LOVELACE", "Ａｄａ Lovelace", "ada\u3000lovelace"]
)
async def test_names_are_compared_without_width_case_and_spaces(database: Database, typed: str) -> None:
    async with database.write() as session:
        user = await service.create(session, username=" Ada Lovelace ", password_hash=None)
    async with database.read() as session:
        found = await service.find_by_name(session, typed)

    assert user.username == "Ada Lovelace"
    assert found is not None
    assert user.id == found.id


async def test_a_user_name_is_unique(database: Database) -> None:
    async with database.write() as session:
        await service.create(session, username="王小明", password_hash=None)

    with pytest.raises(service.UsernameTaken):
        async with database.write() as session:
            await service.create(session, username="王小明 ", password_hash=None)


@pytest.mark.parametrize("name", ["", "   ", "a" * 65, "a\x00b", "a\nb", "a\u202eb", "a\u200bb", "\ud800", "ﷺ" * 10])
async def test_an_invisible_or_too_long_name_is_refused(database: Database, name: str) -> None:
    with pytest.raises(service.InvalidUsername):
        async with database.write() as session:
            await service.create(session, username=name, password_hash=None)
    async with database.read() as session:
        assert await service.find_by_name(session, name) is None


async def test_there_is_no_default_account(database: Database) -> None:
    async with database.read() as session:
        assert await service.search(session) == ([], 0)


async def test_signing_in_needs_the_name_and_its_password(
    database: Database, passwords: Passwords, people: People
) -> None:
    user = await service.sign_in(database, passwords, " ADA ", PASSWORD)

    assert people["ada"].id == user.id
    with pytest.raises(service.WrongCredentials):
        await service.sign_in(database, passwords, "ada", PASSWORD + " ")


async def test_an_account_without_a_password_cannot_sign_in_with_one(database: Database, passwords: Passwords) -> None:
    async with database.write() as session:
        await service.create(session, username="from-google", password_hash=None)

    for password in ("", "AAAAAAAA", PASSWORD):
        with pytest.raises(service.WrongCredentials):
            await service.sign_in(database, passwords, "from-google", password)


async def test_an_unknown_name_is_hashed_like_a_known_one(database: Database, people: People) -> None:
    full = Passwords(max_pending=0)  # every attempt to hash is refused

    for name in ("ada", "unknown", "a\x00b", ""):
        with pytest.raises(TooManyRequests):
            await service.sign_in(database, full, name, PASSWORD)


async def test_signing_in_holds_no_connection_while_hashing(
    database: Database, passwords: Passwords, people: People
) -> None:
    connections = []

    class Recorder(Passwords):
        async def verify(self, hash: str | None, password: str) -> bool:
            connections.append(database.reader.pool.checkedout())  # type: ignore[attr-defined]
            return await super().verify(hash, password)

    recorder = Recorder()
    await service.sign_in(database, recorder, "ada", PASSWORD)
    recorder.close()

    assert connections == [0]


async def test_an_outdated_hash_is_renewed_at_sign_in(database: Database, passwords: Passwords, people: People) -> None:
    old = argon2.PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    async with database.write() as session:
        await session.execute(update(User).where(User.username == "ada").values(password_hash=old))

    await service.sign_in(database, passwords, "ada", PASSWORD)

    async with database.read() as session:
        ada = await service.find(session, people["ada"].id)
    assert old != ada.password_hash
    assert await passwords.renew(ada.password_hash or "", PASSWORD) is None
    assert await passwords.verify(ada.password_hash, PASSWORD)
    assert ada.token_epoch == 0


async def test_a_new_password_replaces_the_old_one_and_ends_the_logins(
    database: Database, passwords: Passwords, people: People
) -> None:
    changed = await service.change_password(database, passwords, people["ada"], PASSWORD, PASSWORD + " neu")

    assert people["ada"].token_epoch + 1 == changed.token_epoch
    await service.sign_in(database, passwords, "ada", PASSWORD + " neu")
    with pytest.raises(service.WrongCredentials):
        await service.sign_in(database, passwords, "ada", PASSWORD)


async def test_changing_the_password_requires_the_current_one(
    database: Database, passwords: Passwords, people: People
) -> None:
    with pytest.raises(service.WrongPassword):
        await service.change_password(database, passwords, people["ada"], "a guess", PASSWORD + " neu")


async def test_of_two_concurrent_password_changes_one_succeeds(
    database: Database, passwords: Passwords, people: People
) -> None:
    await service.change_password(database, passwords, people["ada"], PASSWORD, PASSWORD + " eins")

    with pytest.raises(Conflict):  # based on the hash before the other change
        await service.change_password(database, passwords, people["ada"], PASSWORD, PASSWORD + " zwei")
    await service.sign_in(database, passwords, "ada", PASSWORD + " eins")


async def _names(session: AsyncSession, **filters: Any) -> list[str]:
    users, _total = await service.search(session, **filters)
    return [user.username for user in users]


async def test_users_are_found_by_part_of_the_name_role_and_state(database: Database, people: People) -> None:
    async with database.write() as session:
        await service.set_active(session, actor_id=people["root"].id, user_id=people["ada"].id, active=False)

    async with database.read() as session:
        assert await _names(session, text=" OO", role=Role.SUPER_ADMIN, limit=1) == ["root"]
        assert (await service.search(session, text="oo", limit=1))[1] == 2
        assert await _names(session, role=Role.ADMIN) == ["grace", "linus"]
        assert await _names(session, active=False) == ["ada"]
        assert await _names(session, limit=1, offset=2) == ["linus"]
        for pattern in ("%", "_", "\\", "' OR 1=1 --"):
            assert await service.search(session, text=pattern) == ([], 0)
        assert len(ROLES) == (await service.search(session, text="\x00"))[1]


MAY = {
    ("ada", "mary"): False,
    ("ada", "grace"): False,
    ("ada", "root"): False,
    ("grace", "ada"): True,
    ("grace", "linus"): False,
    ("grace", "root"): False,
    ("root", "ada"): True,
    ("root", "grace"): True,
    ("root", "toor"): True,
}


@pytest.mark.parametrize(("actor", "other"), MAY)
async def test_the_role_decides_who_may_change_whom(database: Database, people: People, actor: str, other: str) -> None:
    async with database.read() as session:
        changed = service.find_changeable(session, actor_id=people[actor].id, user_id=people[other].id)
        if MAY[actor, other]:
            assert people[other].id == (await changed).id
        else:
            with pytest.raises(service.InsufficientRole):
                await changed


@pytest.mark.parametrize("role", [Role.ADMIN, Role.SUPER_ADMIN])
async def test_an_admin_cannot_appoint_admins(database: Database, people: People, role: Role) -> None:
    async with database.write() as session:
        with pytest.raises(service.InsufficientRole):
            await service.set_role(session, actor_id=people["grace"].id, user_id=people["ada"].id, role=role)


async def test_users_cannot_change_their_own_role(database: Database, people: People) -> None:
    async with database.write() as session:
        with pytest.raises(service.CannotChangeSelf):
            await service.set_role(session, actor_id=people["root"].id, user_id=people["root"].id, role=Role.USER)


async def test_changing_an_unknown_user_is_refused(database: Database, people: People) -> None:
    async with database.write() as session:
        with pytest.raises(service.UserNotFound):
            await service.set_active(session, actor_id=people["root"].id, user_id="0" * 32, active=False)


async def test_two_super_admins_cannot_both_demote_each_other(database: Database, people: People) -> None:
    root, toor = people["root"].id, people["toor"].id

    async with database.write() as session:
        await service.set_role(session, actor_id=root, user_id=toor, role=Role.USER)
    with pytest.raises(service.InsufficientRole):
        async with database.write() as session:
            await service.set_role(session, actor_id=toor, user_id=root, role=Role.USER)


async def test_a_disabled_admin_cannot_change_users(database: Database, people: People) -> None:
    async with database.write() as session:
        await service.set_active(session, actor_id=people["root"].id, user_id=people["grace"].id, active=False)

    with pytest.raises(service.InsufficientRole):
        async with database.write() as session:
            await service.set_active(session, actor_id=people["grace"].id, user_id=people["ada"].id, active=False)


async def test_disabling_ends_the_logins_permanently(database: Database, people: People) -> None:
    ids = {"actor_id": people["root"].id, "user_id": people["ada"].id}

    async with database.write() as session:
        await service.set_active(session, **ids, active=False)
        enabled = await service.set_active(session, **ids, active=True)

    assert enabled.active
    assert enabled.token_epoch == 1
