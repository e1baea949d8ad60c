"""Stored templates: those of one owner, and shared ones, whose owner is None. Every edit adds a version."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.database import new_id
from backend.errors import Conflict, InvalidInput, NotFound
from backend.minutes.cleaning import sanitize_for_prompt
from backend.minutes.tables import SharedTemplateVersion, TemplateVersion
from backend.minutes.templates import BUILT_IN, Template

#: The most templates one owner may have.
MAX_PER_OWNER = 100

_Row = TemplateVersion | SharedTemplateVersion


class TemplateNotFound(NotFound):
    code = "template_not_found"
    detail = "There is no such template, or it is not yours."


class TemplateBuiltIn(Conflict):
    code = "template_built_in"
    detail = "Built-in templates cannot be changed. Save a copy under another name."


class TemplateChanged(Conflict):
    """`template` is what it is now."""

    code = "template_changed"
    detail = "The template was changed in the meantime. Compare it with yours, and save again based on its version."

    def __init__(self, now: Template) -> None:
        super().__init__(
            template={"name": now.name, "guidance": now.guidance, "parts": list(now.parts), "version": now.version}
        )


class TooManyTemplates(Conflict):
    code = "too_many_templates"
    detail = f"You have {MAX_PER_OWNER} templates. Delete one you do not need."


async def find(session: AsyncSession, *, owner_id: str, key: str) -> Template:
    """A built-in template, a shared one, or one of the owner's."""
    if key in BUILT_IN:
        return BUILT_IN[key]
    try:
        return _template(await _newest(session, None, key))
    except TemplateNotFound:
        return _template(await _newest(session, owner_id, key))


async def list_templates(session: AsyncSession, *, owner_id: str) -> Sequence[Template]:
    """The built-in templates, then the shared ones, then the owner's own, by name."""
    return [*BUILT_IN.values(), *await _list_of(session, None), *await _list_of(session, owner_id)]


async def save(
    session: AsyncSession,
    *,
    owner_id: str | None,
    key: str | None,
    name: str,
    guidance: str,
    parts: Sequence[str],
    based_on: int | None = None,
) -> Template:
    """A new template, or a new version of the one at `key`. Raises TemplateChanged if its newest version is not
    `based_on`; None is based on any."""
    if not sanitize_for_prompt(name):
        raise InvalidInput("A template needs a name.")
    version = 1
    if key is None:
        if len(await _list_of(session, owner_id)) >= MAX_PER_OWNER:
            raise TooManyTemplates
        key = new_id()
    elif key in BUILT_IN:
        raise TemplateBuiltIn
    else:
        newest = await _newest(session, owner_id, key)
        if based_on not in (None, newest.version):
            raise TemplateChanged(_template(newest))
        version = newest.version + 1
    return await _add(
        session, owner_id, key, version, sanitize_for_prompt(name), sanitize_for_prompt(guidance), list(parts)
    )


async def delete(session: AsyncSession, *, owner_id: str | None, key: str) -> None:
    """Existing minutes keep their copy of the template."""
    if key in BUILT_IN:
        raise TemplateBuiltIn
    last = await _newest(session, owner_id, key)
    await _add(session, owner_id, key, last.version + 1, last.name, "", [], deleted=True)


async def _list_of(session: AsyncSession, owner_id: str | None) -> list[Template]:
    rows, owned = _rows(owner_id)
    last = select(rows.key, func.max(rows.version).label("version")).where(owned).group_by(rows.key).subquery()
    query = select(rows).join(last, (last.c.key == rows.key) & (last.c.version == rows.version))
    query = query.where(owned, rows.deleted.is_(False)).order_by(rows.name, rows.key)
    found: Sequence[_Row] = (await session.scalars(query)).all()
    return [_template(row) for row in found]


async def _newest(session: AsyncSession, owner_id: str | None, key: str) -> _Row:
    rows, owned = _rows(owner_id)
    query = select(rows).where(owned, rows.key == key).order_by(rows.version.desc()).limit(1)
    row: _Row | None = await session.scalar(query)
    if row is None or row.deleted:
        raise TemplateNotFound
    return row


def _rows(owner_id: str | None) -> tuple[Any, ColumnElement[bool]]:
    # One of two mapped classes with the same columns: their union is no type that SQLAlchemy's queries know.
    if owner_id is None:
        return SharedTemplateVersion, true()
    return TemplateVersion, TemplateVersion.owner_id == owner_id


async def _add(
    session: AsyncSession,
    owner_id: str | None,
    key: str,
    version: int,
    name: str,
    guidance: str,
    parts: list[str],
    deleted: bool = False,
) -> Template:
    row: _Row = SharedTemplateVersion() if owner_id is None else TemplateVersion(owner_id=owner_id)
    row.key, row.version, row.name, row.guidance = key, version, name, guidance
    row.parts, row.deleted = parts, deleted
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise TemplateChanged(_template(await _newest(session, owner_id, key))) from None
    return _template(row)


def _template(row: _Row) -> Template:
    shared = isinstance(row, SharedTemplateVersion)
    return Template(row.key, row.name, row.guidance, tuple(row.parts), row.version, shared)
