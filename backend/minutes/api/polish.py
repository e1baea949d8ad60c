"""What a polish changed and what it may not: a diff to read, and to accept or reject segment by segment."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts.access import CurrentUser, Reader, Reading, Writing
from backend.minutes import polishes
from backend.minutes.api.review import ReviewedAnswer, head
from backend.minutes.review import newest, standing_in
from backend.minutes.tables import Polish
from backend.transcripts.api import Number, RecordingId, VersionAnswer
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


class PolishAnswer(ReviewedAnswer):
    """`base` is the version that was polished, `number` the one that came of it, `newest` the one changes stand in."""

    number: int | None
    changes: list[Change]
    refused: list[Refused]


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
    whose = {"owner_id": user.id, "recording_id": recording_id}
    found = await newest(session, Polish, **whose)
    number, document = await standing_in(session, **whose)
    standings = polishes.standings(document, found.changes)
    return PolishAnswer(
        **head(found, number),
        number=found.number,
        changes=[Change(**change, standing=now) for change, now in zip(found.changes, standings, strict=True)],
        refused=[Refused(**refused) for refused in found.refused],
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
