"""Admin routes to search and export the audit log."""

import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement, select

from backend.accounts.audit import Action, note_in_own_transaction
from backend.accounts.dependencies import Admin, DatabaseDep, ReadSession
from backend.accounts.tables import AuditEntry
from backend.csv_safety import UTF8_BOM, to_csv
from backend.database import Database
from backend.query_parameters import Moment

router = APIRouter(prefix="/api/admin/audit", tags=["admin"])

_COLUMNS = ["number", "at", "action", "actor_id", "actor_name", "subject_id", "address", "facts"]
_BATCH = 1000


class Entry(BaseModel):
    """Who did what to what, when and from where."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    at: datetime
    action: str
    actor_id: str | None
    actor_name: str | None
    subject_id: str | None
    address: str | None
    facts: dict[str, Any]


class Entries(BaseModel):
    entries: list[Entry]
    next_before: int | None  #: pass it as `before` for the next page; null on the last page


def _conditions(
    actor_id: Annotated[str | None, Query(max_length=32)] = None,
    subject_id: Annotated[str | None, Query(max_length=64)] = None,
    action: Action | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
) -> list[ColumnElement[bool]]:
    clauses = [
        None if actor_id is None else AuditEntry.actor_id == actor_id,
        None if subject_id is None else AuditEntry.subject_id == subject_id,
        None if action is None else AuditEntry.action == action.value,
        None if since is None else AuditEntry.at >= since,
        None if until is None else AuditEntry.at < until,
    ]
    return [clause for clause in clauses if clause is not None]


Conditions = Annotated[list[ColumnElement[bool]], Depends(_conditions)]


@router.get("", summary="The audit log, newest first")
async def list_entries(
    _admin: Admin,
    session: ReadSession,
    conditions: Conditions,
    before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Entries:
    query = select(AuditEntry).where(*conditions).order_by(AuditEntry.number.desc()).limit(limit)
    if before is not None:
        query = query.where(AuditEntry.number < before)
    rows = (await session.scalars(query)).all()
    more = rows[-1].number if len(rows) == limit else None
    return Entries(entries=[Entry.model_validate(row) for row in rows], next_before=more)


@router.get("/export", summary="The audit log as CSV, oldest first", response_class=StreamingResponse)
async def export(_admin: Admin, database: DatabaseDep, conditions: Conditions) -> StreamingResponse:
    await note_in_own_transaction(database, Action.AUDIT_EXPORTED)
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return StreamingResponse(_lines(database, conditions), media_type="text/csv; charset=utf-8", headers=headers)


async def _lines(database: Database, conditions: list[ColumnElement[bool]]) -> AsyncIterator[str]:
    yield UTF8_BOM + to_csv([_COLUMNS])
    last = 0
    while True:
        # One session per batch: a slow download must not hold a connection.
        async with database.read() as session:
            page = select(AuditEntry).where(*conditions, AuditEntry.number > last).order_by(AuditEntry.number)
            rows = (await session.scalars(page.limit(_BATCH))).all()
        if not rows:
            return
        last = rows[-1].number
        yield to_csv(map(_cells, rows))


def _cells(row: AuditEntry) -> list[object]:
    facts = json.dumps(row.facts, ensure_ascii=False) if row.facts else ""
    at = row.at.isoformat()
    return [row.number, at, row.action, row.actor_id, row.actor_name, row.subject_id, row.address, facts]
