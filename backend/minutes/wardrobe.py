"""Templates of one owner beside the built-in ones. An edit is a new version: minutes keep theirs."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.database import new_id
from backend.errors import Conflict, InvalidInput, NotFound
from backend.minutes.cleaning import quoted
from backend.minutes.tables import TemplateVersion
from backend.minutes.templates import BUILT_IN, Template

#: Own templates of one user.
MOST = 100


class TemplateNotFound(NotFound):
    code = "template_not_found"
    detail = "There is no such template, or it is not yours."


class TemplateBuiltIn(Conflict):
    code = "template_built_in"
    detail = "Built-in templates stay as they are. Save a copy under a name of your own."


class TemplateChanged(Conflict):
    code = "template_changed"
    detail = "The template was changed elsewhere meanwhile. Load it again."


class TooManyTemplates(Conflict):
    code = "too_many_templates"
    detail = f"You have {MOST} templates. Delete one you do not need."


async def find(session: AsyncSession, *, owner_id: str, key: str) -> Template:
    if key in BUILT_IN:
        return BUILT_IN[key]
    return _template(await _newest(session, owner_id, key))


async def every(session: AsyncSession, *, owner_id: str) -> Sequence[Template]:
    """The built-in ones, then the owner's own by name."""
    last = (
        select(TemplateVersion.key, func.max(TemplateVersion.version).label("version"))
        .where(TemplateVersion.owner_id == owner_id)
        .group_by(TemplateVersion.key)
        .subquery()
    )
    query = select(TemplateVersion).join(
        last, (last.c.key == TemplateVersion.key) & (last.c.version == TemplateVersion.version)
    )
    query = query.where(TemplateVersion.owner_id == owner_id, TemplateVersion.deleted.is_(False))
    own = (await session.scalars(query.order_by(TemplateVersion.name, TemplateVersion.key))).all()
    return [*BUILT_IN.values(), *map(_template, own)]


async def save(
    session: AsyncSession, *, owner_id: str, key: str | None, name: str, guidance: str, parts: Sequence[str]
) -> Template:
    """A new template, or a new version of the one at `key`."""
    if not quoted(name):
        raise InvalidInput("A template needs a name.")
    version = 1
    if key is None:
        if len(await every(session, owner_id=owner_id)) - len(BUILT_IN) >= MOST:
            raise TooManyTemplates
        key = new_id()
    elif key in BUILT_IN:
        raise TemplateBuiltIn
    else:
        version = (await _newest(session, owner_id, key)).version + 1
    row = TemplateVersion(
        owner_id=owner_id, key=key, version=version, name=quoted(name), guidance=quoted(guidance), parts=list(parts)
    )
    return await _add(session, row)


async def delete(session: AsyncSession, *, owner_id: str, key: str) -> None:
    """Minutes made with it keep it."""
    if key in BUILT_IN:
        raise TemplateBuiltIn
    last = await _newest(session, owner_id, key)
    row = TemplateVersion(
        owner_id=owner_id, key=key, version=last.version + 1, name=last.name, guidance="", parts=[], deleted=True
    )
    await _add(session, row)


async def _newest(session: AsyncSession, owner_id: str, key: str) -> TemplateVersion:
    mine = (TemplateVersion.owner_id == owner_id) & (TemplateVersion.key == key)
    row = await session.scalar(select(TemplateVersion).where(mine).order_by(TemplateVersion.version.desc()).limit(1))
    if row is None or row.deleted:
        raise TemplateNotFound
    return row


async def _add(session: AsyncSession, row: TemplateVersion) -> Template:
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise TemplateChanged from None
    return _template(row)


def _template(row: TemplateVersion) -> Template:
    return Template(row.key, row.name, row.guidance, tuple(row.parts), row.version)
