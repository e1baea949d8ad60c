"""The audit log: what is done is noted with who, what and where, and no entry is ever changed."""

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError

from backend.accounts import audit
from backend.accounts.audit import Action
from backend.accounts.tables import AuditEntry
from backend.database import Database
from tests.accounts.people import PASSWORD, House


async def test_who_did_what_to_whom_is_noted(house: House) -> None:
    root, ada = house.people["root"], house.people["ada"]
    user = f"/api/admin/users/{ada.id}"
    await house.login("ada", "my secret guess")
    await house.login("ada")
    await house.client.patch(user, headers=house.bearer("root"), json={"role": "admin"})
    await house.client.patch(user, headers=house.bearer("root"), json={"active": False})
    await house.client.post(user + "/password", headers=house.bearer("root"), json={"password": "明天早上九点半在一楼"})

    entries = (await _entries(house.database))[len(house.people) :]

    assert [(entry.action, entry.actor_id, entry.subject_id) for entry in entries] == [
        ("sign_in_refused", None, ada.id),
        ("signed_in", ada.id, entries[1].subject_id),
        ("user_changed", root.id, ada.id),
        ("user_changed", root.id, ada.id),
        ("password_reset", root.id, ada.id),
    ]
    assert entries[2].facts == {"role": ["user", "admin"]}
    assert entries[2].actor_name == "root"


async def test_no_secret_is_noted(house: House) -> None:
    new = "明天早上九点半在一楼"
    await house.login("my secret guess", "my secret guess")
    token = (await house.login("ada")).json()["access_token"]
    body = {"current_password": PASSWORD, "new_password": new}
    await house.client.post("/api/auth/password", headers={"Authorization": f"Bearer {token}"}, json=body)

    text = repr([vars(entry) for entry in await _entries(house.database)])

    assert not any(secret in text for secret in (PASSWORD, new, token, "my secret guess"))


async def test_what_is_refused_is_not_noted_as_done(house: House) -> None:
    before = len(await _entries(house.database))

    await house.client.patch(
        f"/api/admin/users/{house.people['root'].id}", headers=house.bearer("grace"), json={"active": False}
    )

    assert len(await _entries(house.database)) == before


@pytest.mark.sqlite
async def test_the_database_itself_refuses_to_change_an_entry(database: Database) -> None:
    async with database.write() as session:
        audit.note(session, Action.SIGNED_OUT)

    for sql in ("UPDATE audit SET action = 'other'", "DELETE FROM audit"):
        with pytest.raises((IntegrityError, OperationalError), match="append-only"):
            async with database.write() as session:
                await session.execute(text(sql))
    assert [entry.action for entry in await _entries(database)] == ["signed_out"]


async def test_no_entry_is_ever_changed_or_removed(database: Database) -> None:
    async with database.write() as session:
        audit.note(session, Action.SIGNED_OUT)

    for statement in (update(AuditEntry).values(action="other"), delete(AuditEntry)):
        with pytest.raises(TypeError, match="append-only"):
            async with database.write() as session:
                await session.execute(statement)
    with pytest.raises(TypeError, match="append-only"):
        async with database.write() as session:
            (await session.scalars(select(AuditEntry))).one().action = "other"
    with pytest.raises(TypeError, match="append-only"):
        async with database.write() as session:
            await session.delete((await session.scalars(select(AuditEntry))).one())
    assert [entry.action for entry in await _entries(database)] == ["signed_out"]


async def _entries(database: Database) -> list[AuditEntry]:
    async with database.read() as session:
        return list((await session.scalars(select(AuditEntry).order_by(AuditEntry.number))).all())
