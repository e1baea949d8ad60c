"""The tags of one owner. Every query names the owner; the tag of another user is not found."""

from collections.abc import Collection, Sequence

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.errors import Conflict, NotFound
from backend.library.names import clean, fold
from backend.library.tables import RecordingTag, Tag
from backend.recordings.tables import not_trashed

MAX_PER_OWNER = 500


class TagNotFound(NotFound):
    code = "tag_not_found"
    detail = "There is no such tag, or it is not yours."


class TagExists(Conflict):
    code = "tag_exists"
    detail = "You have a tag with this name already."


class TooManyTags(Conflict):
    code = "too_many_tags"
    detail = f"You have {MAX_PER_OWNER} tags. Delete one you do not need."


async def list_tags(session: AsyncSession, *, owner_id: str) -> list[tuple[Tag, int]]:
    """By name, with the number of recordings that have them; those in the trash are not counted."""
    used = (
        select(func.count())
        .select_from(RecordingTag)
        .where(RecordingTag.tag_id == Tag.id, not_trashed(RecordingTag.recording_id))
        .scalar_subquery()
    )
    rows = await session.execute(select(Tag, used).where(Tag.owner_id == owner_id).order_by(Tag.folded, Tag.id))
    return [(tag, count) for tag, count in rows]


async def find(session: AsyncSession, *, owner_id: str, tag_id: str) -> Tag:
    tag = await session.get(Tag, tag_id)
    if tag is None or tag.owner_id != owner_id:
        raise TagNotFound
    return tag


async def find_all(session: AsyncSession, *, owner_id: str, ids: Collection[str]) -> None:
    """Raises TagNotFound unless all of them are the owner's."""
    mine = select(func.count()).select_from(Tag).where(Tag.id.in_(ids), Tag.owner_id == owner_id)
    if await session.scalar(mine) != len(set(ids)):
        raise TagNotFound


async def create(session: AsyncSession, *, owner_id: str, name: str) -> Tag:
    count = await session.scalar(select(func.count()).select_from(Tag).where(Tag.owner_id == owner_id)) or 0
    if count >= MAX_PER_OWNER:
        raise TooManyTags
    cleaned = clean(name)
    tag = Tag(owner_id=owner_id, name=cleaned, folded=fold(cleaned))
    try:
        async with session.begin_nested():
            session.add(tag)
    except IntegrityError:
        raise TagExists from None
    return tag


async def rename(session: AsyncSession, *, owner_id: str, tag_id: str, name: str) -> Tag:
    tag = await find(session, owner_id=owner_id, tag_id=tag_id)
    cleaned = clean(name)
    try:
        async with session.begin_nested():
            tag.name, tag.folded = cleaned, fold(cleaned)
            await session.flush()
    except IntegrityError:
        raise TagExists from None
    return tag


async def delete(session: AsyncSession, *, owner_id: str, tag_id: str) -> None:
    """The recordings that have it stay."""
    await session.delete(await find(session, owner_id=owner_id, tag_id=tag_id))
    await session.flush()


async def tags_of(session: AsyncSession, recordings: Sequence[str]) -> dict[str, list[Tag]]:
    """By the id of the recording, in the order of their names."""
    query = select(RecordingTag.recording_id, Tag).join(Tag, Tag.id == RecordingTag.tag_id)
    found: dict[str, list[Tag]] = {}
    rows = await session.execute(query.where(RecordingTag.recording_id.in_(recordings)).order_by(Tag.folded, Tag.id))
    for recording_id, tag in rows:
        found.setdefault(recording_id, []).append(tag)
    return found


async def add(session: AsyncSession, recordings: Collection[str], tags: Collection[str]) -> None:
    """Give every recording every tag. All of them belong to one owner; that a recording has one already is no error."""
    query = select(RecordingTag.recording_id, RecordingTag.tag_id).where(
        RecordingTag.recording_id.in_(recordings), RecordingTag.tag_id.in_(tags)
    )
    there = {(recording, tag) for recording, tag in await session.execute(query)}
    pairs = ((recording, tag) for recording in recordings for tag in tags)
    session.add_all(RecordingTag(recording_id=one, tag_id=tag) for one, tag in pairs if (one, tag) not in there)
    await session.flush()
