"""What a polish changed and what it may not: a diff to read, and to accept or reject segment by segment."""

import asyncio
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts.access import CurrentUser, Reader, Reading, Writing
from backend.minutes import polishes
from backend.minutes.form import Used
from backend.transcripts import service as transcripts
from backend.transcripts.api import Number, RecordingId, VersionAnswer
from backend.transcripts.document import document_from_json
from backend.transcripts.form import Id

router = APIRouter(prefix="/api/recordings/{recording_id}/polish", tags=["polish"])


class Change(BaseModel):
    segment: str
    before: str
    after: str
    reason: str = ""
    standing: polishes.Standing


class Refused(BaseModel):
    segment: str
    before: str
    after: str
    reason: str


class PolishAnswer(BaseModel):
    """`base` is the version that was polished, `number` the one that came of it, `newest` the one changes stand in."""

    base: int
    number: int | None
    newest: int
    model: str
    job_id: str | None
    created_at: datetime
    changes: list[Change]
    refused: list[Refused]
    used: Used


Ids = Annotated[list[Id], Field(max_length=50_000)]


class Review(BaseModel):
    """Ids of segments; `based_on` is the number of the version you looked at."""

    model_config = ConfigDict(extra="forbid")

    based_on: Number
    accept: Ids = []
    reject: Ids = []


@router.get("", summary="What the newest polish changed, and what it may not")
async def read_polish(session: Reading, user: Reader, recording_id: RecordingId) -> PolishAnswer:
    """A diff to review: every change with its text before and after and how it stands now; every refusal with its
    reason: empty, markup, length, numbers, names, negation, hotwords, rewritten."""
    found = await polishes.newest(session, owner_id=user.id, recording_id=recording_id)
    last = await transcripts.newest(session, owner_id=user.id, recording_id=recording_id)
    document = await asyncio.to_thread(document_from_json, last.document)
    standings = polishes.standings(document, found.changes)
    return PolishAnswer(
        base=found.base,
        number=found.number,
        newest=last.number,
        model=found.model,
        job_id=found.job_id,
        created_at=found.created_at,
        changes=[Change(**change, standing=now) for change, now in zip(found.changes, standings, strict=True)],
        refused=[Refused(**refused) for refused in found.refused],
        used=Used(calls=found.calls, prompt_tokens=found.prompt_tokens, completion_tokens=found.completion_tokens),
    )


@router.post("/review", summary="Accept or reject changes, segment by segment")
async def review_polish(session: Writing, user: CurrentUser, recording_id: RecordingId, asked: Review) -> VersionAnswer:
    """A version of yours, as if you had written it. Code transcript_changed where `based_on` is not the newest."""
    saved = await polishes.review(
        session,
        owner_id=user.id,
        recording_id=recording_id,
        author_id=user.id,
        based_on=asked.based_on,
        accept=asked.accept,
        reject=asked.reject,
    )
    return VersionAnswer.model_validate(saved)
