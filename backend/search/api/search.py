"""Finds what was said in every recording of a user, and in one."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.dependencies import Reader, ReadSession
from backend.query_parameters import FolderFilter, Moment, Offset, TagFilter
from backend.recordings import service as recordings
from backend.recordings.tables import Recording
from backend.search import service
from backend.search.passages import time_of
from backend.search.query import MAX_CHARACTERS, SoundQuery, by_sound, parse
from backend.search.query import Query as Typed
from backend.search.service import Filters, Found, FoundText, Place, Sort
from backend.search.texts import Kind
from backend.transcripts.api import RecordingId

router = APIRouter(prefix="/api/search", tags=["search"])

#: How many places of one recording are shown among the others.
PLACES_SHOWN = 3
_CHARACTERS_AROUND = 20
_MOST_TEXTS = 20
_MOST_SOUNDS = 10
_MOST_PLACES = 1000


class FoundPlace(BaseModel):
    """A segment with hits. `text` is the part of it around the first hit; `hits` are ranges of code points of it."""

    segment_id: str
    start: float
    end: float
    at: float = Field(description="the second of the recording at which the first hit is said")
    speaker: str | None = Field(description="the name that a person gave")
    text: str
    hits: list[tuple[int, int]]
    before: bool = Field(description="whether the segment has more text before this part")
    after: bool


class FoundRecording(BaseModel):
    id: str
    name: str
    created_at: datetime
    duration: float | None


class FoundGroup(BaseModel):
    """A recording with its first places; `total` counts them all."""

    recording: FoundRecording
    places: list[FoundPlace]
    total: int


class FoundName(BaseModel):
    """A name or a statement with hits. `text` is the part of it around the first hit; `hits` are ranges of it."""

    kind: Kind
    part: str = Field(description="which of its kind: the id of a speaker; where a statement stands in the minutes")
    recording: FoundRecording
    text: str
    hits: list[tuple[int, int]]
    before: bool = Field(description="whether there is more text before this part")
    after: bool


class SpeakerCount(BaseModel):
    name: str
    places: int


class SearchResult(BaseModel):
    groups: list[FoundGroup]
    recordings: int = Field(description="recordings with places, on all pages")
    places: int
    complete: bool = Field(
        description=f"false: more than {service.MAX_CANDIDATES} passages match; these are the newest"
    )
    texts: list[FoundName] = Field(
        description=f"names of recordings and speakers, and statements of minutes: up to {_MOST_TEXTS} of each kind"
    )
    texts_total: dict[Kind, int] = Field(description="all of each kind")
    speakers: list[SpeakerCount] = Field(description="who said it, whoever is chosen; most places first")
    not_indexed: int = Field(description="recordings that may be missing, because the index is being made")


class SoundsResult(BaseModel):
    groups: list[FoundGroup] = Field(description=f"the newest {_MOST_SOUNDS} recordings")
    recordings: int
    places: int
    texts: list[FoundName] = Field(description=f"names and statements, up to {_MOST_TEXTS}")


class PlacesOut(BaseModel):
    places: list[FoundPlace]
    total: int


QueryText = Annotated[
    str,
    Query(max_length=MAX_CHARACTERS * 50, description='words that must all be there; `"a phrase"`; `-word` must not'),
]

Speakers = Annotated[list[str] | None, Query(max_length=50, description="names that people gave")]


def _filters(
    speaker: Speakers = None,
    since: Annotated[Moment | None, Query(description="uploaded at or after")] = None,
    until: Annotated[Moment | None, Query(description="uploaded before")] = None,
    shortest: Annotated[float | None, Query(ge=0, le=1e9, description="seconds")] = None,
    longest: Annotated[float | None, Query(ge=0, le=1e9, description="seconds")] = None,
    tag: TagFilter = None,
    folder: FolderFilter = None,
) -> Filters:
    return Filters(
        speakers=speaker or (),
        since=since,
        until=until,
        shortest=shortest,
        longest=longest,
        tags=tag or (),
        folder_id=folder,
    )


@router.get("", summary="Find what was said")
async def search(
    user: Reader,
    session: ReadSession,
    filters: Annotated[Filters, Depends(_filters)],
    q: QueryText = "",
    sort: Sort = "newest",
    offset: Offset = 0,
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
) -> SearchResult:
    """Simplified and traditional characters, full and half width, capitals and small letters are the same. Latin words
    and numbers are found by their beginning."""
    query = parse(q)
    waiting = await service.count_waiting(session, user.id)
    found = await _find(session, user.id, query, filters, whole=waiting == 0)
    groups = service.grouped(found.places, sort)
    shown = groups[offset : offset + limit]
    texts = await service.texts(session, user.id, query, filters, whole=waiting == 0)
    some = [one for kind in Kind for one in [one for one in texts if one.row.kind == kind][:_MOST_TEXTS]]
    rows = await _recordings(session, [*(id for id, _ in shown), *(one.row.recording_id for one in some)])
    return SearchResult(
        groups=_groups(shown, rows),
        recordings=len(groups),
        places=len(found.places),
        complete=found.complete,
        texts=[_text(one, rows[one.row.recording_id]) for one in some if one.row.recording_id in rows],
        texts_total=Counter(Kind(one.row.kind) for one in texts),
        speakers=[SpeakerCount(name=name, places=count) for name, count in found.speakers.items()],
        not_indexed=waiting,
    )


@router.get("/sounds", summary="Find what sounds like it")
async def search_sounds(
    user: Reader, session: ReadSession, filters: Annotated[Filters, Depends(_filters)], q: QueryText = ""
) -> SoundsResult:
    """The same syllables in other characters, and what is typed in pinyin or as initials, two syllables or more, tones
    left out. What has the words themselves is left out: the search finds it."""
    query = by_sound(parse(q))
    if query is None:
        return SoundsResult(groups=[], recordings=0, places=0, texts=[])
    whole = await service.count_waiting(session, user.id) == 0
    found = await _find(session, user.id, query, filters, whole=whole)
    groups = service.grouped(found.places, "newest")
    texts = (await service.texts(session, user.id, query, filters, whole=whole))[:_MOST_TEXTS]
    shown = groups[:_MOST_SOUNDS]
    rows = await _recordings(session, [*(id for id, _ in shown), *(one.row.recording_id for one in texts)])
    return SoundsResult(
        groups=_groups(shown, rows),
        recordings=len(groups),
        places=len(found.places),
        texts=[_text(one, rows[one.row.recording_id]) for one in texts if one.row.recording_id in rows],
    )


@router.get("/recordings/{recording_id}", summary="Every place in one recording")
async def search_recording(
    user: Reader,
    session: ReadSession,
    recording_id: RecordingId,
    q: QueryText = "",
    speaker: Speakers = None,
) -> PlacesOut:
    """The same in one recording, in the order of the talk."""
    await recordings.find(session, owner_id=user.id, recording_id=recording_id)
    whole = await service.count_waiting(session, user.id) == 0
    found = await _find(session, user.id, parse(q), Filters(recording_id, speaker or ()), whole=whole)
    return PlacesOut(places=[_place(place) for place in found.places[:_MOST_PLACES]], total=len(found.places))


async def _find(
    session: AsyncSession, owner_id: str, query: Typed | SoundQuery, filters: Filters, *, whole: bool
) -> Found:
    candidates = await service.candidates(session, owner_id, query, filters, whole=whole)
    return await asyncio.to_thread(service.compare, candidates, query, filters)


async def _recordings(session: AsyncSession, ids: list[str]) -> dict[str, FoundRecording]:
    rows = await session.scalars(select(Recording).where(Recording.id.in_(ids)))
    return {row.id: FoundRecording.model_validate(row, from_attributes=True) for row in rows}


def _groups(shown: Sequence[tuple[str, list[Place]]], rows: dict[str, FoundRecording]) -> list[FoundGroup]:
    return [
        FoundGroup(recording=rows[id], places=[_place(one) for one in places[:PLACES_SHOWN]], total=len(places))
        for id, places in shown
        if id in rows
    ]


def _place(place: Place) -> FoundPlace:
    passage = place.passage
    return FoundPlace(
        segment_id=passage.segment_id,
        start=passage.start,
        end=passage.end,
        at=time_of(passage, place.hits[0][0]),
        speaker=passage.speaker,
        **_excerpt(passage.text, place.hits),
    )


def _text(found: FoundText, recording: FoundRecording) -> FoundName:
    row = found.row
    return FoundName(kind=Kind(row.kind), part=row.part, recording=recording, **_excerpt(row.text, found.hits))


def _excerpt(text: str, hits: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """The text around its first hit, and the hits in it."""
    start = max(0, hits[0][0] - _CHARACTERS_AROUND)
    end = min(len(text), hits[0][1] + _CHARACTERS_AROUND)
    return {
        "text": text[start:end],
        "hits": [(one - start, min(other, end) - start) for one, other in hits if start <= one < end],
        "before": start > 0,
        "after": end < len(text),
    }
