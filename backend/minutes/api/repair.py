"""Torn segments: what a language model would repair, to accept or reject one by one."""

import asyncio
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts.access import CurrentUser, Reader, Reading, Writing
from backend.minutes import repairs
from backend.minutes.api.review import ReviewedAnswer, head
from backend.minutes.repair import Kind
from backend.minutes.review import newest, standing_in
from backend.minutes.tables import Repair
from backend.transcripts.api import Number, RecordingId, VersionAnswer

router = APIRouter(prefix="/api/recordings/{recording_id}/repair", tags=["repair"])


class Piece(BaseModel):
    id: str
    speaker: str | None
    start: float
    end: float
    text: str


class ItemOut(BaseModel):
    """One or two segments that follow each other, before and after. The joined text is the same."""

    id: int
    kind: Kind
    before: list[Piece]
    after: list[Piece]
    standing: repairs.Standing


class RepairAnswer(ReviewedAnswer):
    """`base` is the version that was read, `newest` the one the items stand in."""

    items: list[ItemOut]


_Ids = Annotated[list[Annotated[int, Field(ge=0, le=100_000)]], Field(max_length=10_000)]


class RepairReview(BaseModel):
    """Ids of items; `based_on` is the number of the version you looked at. What was rejected may still be accepted."""

    model_config = ConfigDict(extra="forbid")

    based_on: Number
    accept: _Ids = []
    reject: _Ids = []


@router.get("", summary="What the newest repair proposes")
async def read_repair(session: Reading, user: Reader, recording_id: RecordingId) -> RepairAnswer:
    """Nothing of it is done before somebody accepts it."""
    whose = {"owner_id": user.id, "recording_id": recording_id}
    found = await newest(session, Repair, **whose)
    number, document = await standing_in(session, **whose)
    standings = await asyncio.to_thread(repairs.standings, document, found.items)
    return RepairAnswer(
        **head(found, number),
        items=[
            ItemOut(id=id, kind=one["change"]["kind"], before=one["before"], after=one["after"], standing=now)
            for id, (one, now) in enumerate(zip(found.items, standings, strict=True))
        ],
    )


@router.post("/review", summary="Accept or reject repairs, one by one")
async def review_repair(
    session: Writing, user: CurrentUser, recording_id: RecordingId, asked: RepairReview
) -> VersionAnswer:
    """What is accepted becomes a version of its own. Code transcript_changed where `based_on` is not the newest."""
    saved = await repairs.review(
        session,
        owner_id=user.id,
        recording_id=recording_id,
        author_id=user.id,
        based_on=asked.based_on,
        accept=asked.accept,
        reject=asked.reject,
    )
    return VersionAnswer.model_validate(saved)
