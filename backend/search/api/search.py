"""Finds what was said in every recording of a user, and in one."""

import asyncio
from datetime import datetime
from typing import Annotated

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
from backend.search.query import MAX_CHARACTERS, parse
from backend.search.query import Query as Typed
from backend.search.service import Filters, Found, Place, Sort
from backend.transcripts.api import RecordingId
from backend.transcripts.passages import count_missing

router = APIRouter(prefix="/api/search", tags=["search"])

#: How many places of one recording are shown among the others.
PLACES_SHOWN = 3
_CHARACTERS_AROUND = 20
_MOST_NAMES = 20
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
    names: list[FoundRecording] = Field(description=f"recordings whose name matches, up to {_MOST_NAMES}")
    speakers: list[SpeakerCount] = Field(description="who said it, whoever is chosen; most places first")
    not_indexed: int = Field(description="recordings that are not searched yet, because the index is being made")


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
    found = await _find(session, user.id, query, filters)
    groups = service.grouped(found.places, sort)
    shown = groups[offset : offset + limit]
    rows = await _recordings(session, [id for id, _ in shown])
    named = await service.recordings_named(session, user.id, query, _MOST_NAMES)
    return SearchResult(
        groups=[
            FoundGroup(
                recording=rows[id],
                places=[_place(place) for place in places[:PLACES_SHOWN]],
                total=len(places),
            )
            for id, places in shown
            if id in rows
        ],
        recordings=len(groups),
        places=len(found.places),
        complete=found.complete,
        names=[FoundRecording.model_validate(one, from_attributes=True) for one in named],
        speakers=[SpeakerCount(name=name, places=count) for name, count in found.speakers.items()],
        not_indexed=await count_missing(session, user.id),
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
    found = await _find(session, user.id, parse(q), Filters(recording_id, speaker or ()))
    return PlacesOut(places=[_place(place) for place in found.places[:_MOST_PLACES]], total=len(found.places))


async def _find(session: AsyncSession, owner_id: str, query: Typed, filters: Filters) -> Found:
    candidates = await service.candidates(session, owner_id, query, filters)
    return await asyncio.to_thread(service.compare, candidates, query, filters)


async def _recordings(session: AsyncSession, ids: list[str]) -> dict[str, FoundRecording]:
    rows = await session.scalars(select(Recording).where(Recording.id.in_(ids)))
    return {row.id: FoundRecording.model_validate(row, from_attributes=True) for row in rows}


def _place(place: Place) -> FoundPlace:
    passage = place.passage
    first = place.hits[0]
    start = max(0, first[0] - _CHARACTERS_AROUND)
    end = min(len(passage.text), first[1] + _CHARACTERS_AROUND)
    hits = [(one - start, min(other, end) - start) for one, other in place.hits if start <= one < end]
    return FoundPlace(
        segment_id=passage.segment_id,
        start=passage.start,
        end=passage.end,
        at=time_of(passage, first[0]),
        speaker=passage.speaker,
        text=passage.text[start:end],
        hits=hits,
        before=start > 0,
        after=end < len(passage.text),
    )
