"""Finds passages, compares them with their text, and groups them by recording. The same on every database."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.library.tables import has_tag, in_folder
from backend.recordings.tables import Recording
from backend.search import index
from backend.search.query import Query
from backend.search.tables import Passage

#: So many passages are compared with their text at most: the newest.
MAX_CANDIDATES = 5_000

Sort = Literal["newest", "best"]


@dataclass(frozen=True, slots=True)
class Filters:
    """None and empty leave nothing out. `speakers` are names that people gave."""

    recording_id: str | None = None
    speakers: Sequence[str] = ()
    since: datetime | None = None
    until: datetime | None = None  #: exclusive
    shortest: float | None = None  #: seconds
    longest: float | None = None
    tags: Sequence[str] = ()  #: ids; a recording has all of them
    folder_id: str | None = None  #: in it, or in a folder inside it; empty: in no folder


@dataclass(frozen=True, slots=True)
class Place:
    """A passage with its hits: ranges of characters of its text."""

    passage: Passage
    hits: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Found:
    """Places in the order of recordings, newest first, and within one in the order of the talk."""

    places: list[Place]
    complete: bool  #: whether every passage was looked at
    speakers: dict[str, int]  #: places by speaker, whoever is chosen


async def candidates(session: AsyncSession, owner_id: str, query: Query, filters: Filters) -> list[Passage]:
    """The newest passages that may match, one more than `MAX_CANDIDATES` where there are more."""
    dialect = index.dialect_of(session)
    condition = text(index.CONDITIONS[dialect]).bindparams(expression=index.expression(dialect, query.phrases))
    matching = select(Passage.id).where(condition, Passage.owner_id == owner_id).cte("matching")
    if dialect == "postgresql":
        # Else it walks through the newest passages and computes their terms one by one.
        matching = matching.prefix_with("MATERIALIZED")
    rows = await session.scalars(
        select(Passage)
        .join(matching, matching.c.id == Passage.id)
        .join(Recording, Recording.id == Passage.recording_id)
        .where(Recording.trashed_at.is_(None), *_conditions(filters))
        .order_by(Recording.created_at.desc(), Recording.id.desc(), Passage.position, Passage.id)
        .limit(MAX_CANDIDATES + 1)
    )
    return list(rows)


def compare(found: Sequence[Passage], query: Query, filters: Filters) -> Found:
    """Takes about 30 µs a passage: do it in a thread."""
    chosen = set(filters.speakers)
    speakers: Counter[str] = Counter()
    places = []
    for passage in found[:MAX_CANDIDATES]:
        hits = query.hits(passage.text)
        if not hits:
            continue
        if passage.speaker is not None:
            speakers[passage.speaker] += 1
        if not chosen or passage.speaker in chosen:
            places.append(Place(passage, hits))
    return Found(places, len(found) <= MAX_CANDIDATES, dict(speakers.most_common()))


def grouped(places: Sequence[Place], sort: Sort) -> list[tuple[str, list[Place]]]:
    """Places by recording; the best recordings are those with most places."""
    groups: dict[str, list[Place]] = {}
    for place in places:
        groups.setdefault(place.passage.recording_id, []).append(place)
    found = list(groups.items())
    return sorted(found, key=lambda group: -len(group[1])) if sort == "best" else found


async def recordings_named(session: AsyncSession, owner_id: str, query: Query, limit: int) -> list[Recording]:
    """Recordings whose name has the words, the newest first."""
    listed = select(Recording.id, Recording.name).where(Recording.owner_id == owner_id, Recording.trashed_at.is_(None))
    rows = await session.execute(listed.order_by(Recording.created_at.desc(), Recording.id.desc()))
    ids = [row.id for row in rows if query.hits(row.name)][:limit]
    found = {row.id: row for row in await session.scalars(select(Recording).where(Recording.id.in_(ids)))}
    return [found[id] for id in ids if id in found]


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.recording_id is not None:
        conditions.append(Passage.recording_id == filters.recording_id)
    if filters.since is not None:
        conditions.append(Recording.created_at >= filters.since)
    if filters.until is not None:
        conditions.append(Recording.created_at < filters.until)
    if filters.shortest is not None:
        conditions.append(Recording.duration >= filters.shortest)
    if filters.longest is not None:
        conditions.append(Recording.duration <= filters.longest)
    conditions += [has_tag(Recording.id, one) for one in filters.tags]
    if filters.folder_id is not None:
        conditions.append(in_folder(Recording.id, filters.folder_id or None))
    return conditions
