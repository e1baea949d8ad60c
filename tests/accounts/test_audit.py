"""The audit log: what its entries contain, and that they cannot be changed."""

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError

from backend.accounts import audit
from backend.accounts.audit import Action
from backend.accounts.tables import AuditEntry
from backend.database import Database
from tests.accounts.people import PASSWORD, Api


async def test_entries_name_actor_action_and_subject(api: Api) -> None:
    root, ada = api.people["root"], api.people["ada"]
    user = f"/api/admin/users/{ada.id}"
    await api.login("ada", "my secret guess")
    await api.login("ada")
    await api.client.patch(user, headers=api.bearer("root"), json={"role": "admin"})
    await api.client.patch(user, headers=api.bearer("root"), json={"active": False})
    await api.client.post(user + "/password", headers=api.bearer("root"), json={"password": "明天早上九点半在一楼"})

    entries = (await _entries(api.database))[len(api.people) :]

    assert [(entry.action, entry.actor_id, entry.subject_id) for entry in entries] == [
        ("sign_in_refused", None, ada.id),
        ("signed_in", ada.id, entries[1].subject_id),
        ("user_changed", root.id, ada.id),
        ("user_changed", root.id, ada.id),
        ("password_reset", root.id, ada.id),
    ]
    assert entries[2].facts == {"role": ["user", "admin"]}
    assert entries[2].actor_name == "root"


async def test_entries_contain_no_secrets(api: Api) -> None:
    new = "明天早上九点半在一楼"
    await api.login("my secret guess", "my secret guess")
    token = (await api.login("ada")).json()["access_token"]
    body = {"current_password": PASSWORD, "new_password": new}
    await api.client.post("/api/auth/password", headers={"Authorization": f"Bearer {token}"}, json=body)

    text = repr([vars(entry) for entry in await _entries(api.database)])

    assert not any(secret in text for secret in (PASSWORD, new, token, "my secret guess"))


async def test_a_refused_change_adds_no_entry(api: Api) -> None:
    before = len(await _entries(api.database))

    await api.client.patch(
        f"/api/admin/users/{api.people['root'].id}", headers=api.bearer("grace"), json={"active": False}
    )

    assert len(await _entries(api.database)) == before


@pytest.mark.sqlite
async def test_sqlite_itself_refuses_to_change_an_entry(database: Database) -> None:
    async with database.write() as session:
        audit.note(session, Action.SIGNED_OUT)

    for sql in ("UPDATE audit SET action = 'other'", "DELETE FROM audit"):
        with pytest.raises((IntegrityError, OperationalError), match="append-only"):
            async with database.write() as session:
                await session.execute(text(sql))
    assert [entry.action for entry in await _entries(database)] == ["signed_out"]


async def test_an_entry_cannot_be_changed_or_deleted(database: Database) -> None:
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
