"""Finds passages, compares them with their text, and groups them by recording. The same on every database."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.library.tables import has_tag, in_folder
from backend.recordings.tables import Recording
from backend.search import index
from backend.search.query import Query, SoundQuery
from backend.search.tables import Passage, PassageState, SearchText
from backend.search.terms import RULES

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
class FoundText:
    """A name or a statement with its hits."""

    row: SearchText
    hits: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Found:
    """Places in the order of recordings, newest first, and within one in the order of the talk."""

    places: list[Place]
    complete: bool  #: whether every passage was looked at
    speakers: dict[str, int]  #: places by speaker, whoever is chosen


async def candidates(
    session: AsyncSession, owner_id: str, query: Query | SoundQuery, filters: Filters, *, whole: bool
) -> list[Passage]:
    """The newest passages that may match, one more than `MAX_CANDIDATES` where there are more. `whole`: nothing of the
    owner waits to be indexed."""
    order = (Passage.position, Passage.id)
    rows = await session.scalars(await _matching(session, Passage, owner_id, query, filters, order, whole=whole))
    return list(rows)


async def texts(
    session: AsyncSession, owner_id: str, query: Query | SoundQuery, filters: Filters, *, whole: bool
) -> list[FoundText]:
    """Names and statements that have the words, those of the newest recordings first. None where speakers are chosen:
    nobody said these."""
    if filters.speakers:
        return []
    order = (SearchText.kind, SearchText.position, SearchText.id)
    matching = await _matching(session, SearchText, owner_id, query, filters, order, whole=whole)
    rows = list(await session.scalars(matching))[:MAX_CANDIDATES]
    compared = await asyncio.to_thread(lambda: [FoundText(row, query.hits(row.text)) for row in rows])
    return [one for one in compared if one.hits]


async def count_waiting(session: AsyncSession, owner_id: str) -> int:
    """Recordings of this owner that are not in the index by today's rules. Costs next to nothing where none is."""
    other_rules = or_(PassageState.rules < RULES, PassageState.rules > RULES)
    query = select(func.count()).select_from(PassageState).join(Recording, Recording.id == PassageState.recording_id)
    return await session.scalar(query.where(other_rules, Recording.owner_id == owner_id)) or 0


async def _matching(
    session: AsyncSession,
    table: index.Indexed,
    owner_id: str,
    query: Query | SoundQuery,
    filters: Filters,
    order: Sequence[Any],
    *,
    whole: bool,
) -> Any:
    dialect = index.dialect_of(session)
    if isinstance(query, SoundQuery):
        wanted = index.sound_expression(dialect, query.sounds)
    else:
        wanted = index.expression(dialect, query.phrases)
    condition = await index.condition(session, table, wanted, whole=whole)
    matching = select(table.id).where(condition, table.owner_id == owner_id).cte("matching")
    if dialect == "postgresql":
        # Else it walks through the newest rows and computes their terms one by one.
        matching = matching.prefix_with("MATERIALIZED")
    return (
        select(table)
        .join(matching, matching.c.id == table.id)
        .join(Recording, Recording.id == table.recording_id)
        .where(Recording.trashed_at.is_(None), *_conditions(filters, table))
        .order_by(Recording.created_at.desc(), Recording.id.desc(), *order)
        .limit(MAX_CANDIDATES + 1)
    )


def compare(found: Sequence[Passage], query: Query | SoundQuery, filters: Filters) -> Found:
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


def _conditions(filters: Filters, table: index.Indexed) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.recording_id is not None:
        conditions.append(table.recording_id == filters.recording_id)
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
