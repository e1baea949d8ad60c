"""Reviews of a polish and of a repair: read what a language model proposes, accept or reject it part by part."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts.dependencies import CurrentUser, Reader, ReadSession, WriteSession
from backend.minutes import review
from backend.minutes.polish_review import POLISH, PolishStanding
from backend.minutes.repair import Kind
from backend.minutes.repair_review import REPAIR, RepairStanding
from backend.minutes.schema import LanguageModelUsage
from backend.minutes.tables import Polish, Repair
from backend.transcripts.api import Number, RecordingId, VersionAnswer
from backend.transcripts.schema import Id

router = APIRouter(prefix="/api/recordings/{recording_id}")


class ReviewAnswer(BaseModel):
    """`base` is the version that was read, `newest` the one to review it in."""

    base: int
    newest: int
    model: str
    job_id: str | None
    created_at: datetime
    used: LanguageModelUsage


class Change(BaseModel):
    segment: str
    before: str
    after: str
    reason: str = ""
    standing: PolishStanding


class Refused(BaseModel):
    segment: str
    before: str
    after: str
    reason: str


class PolishAnswer(ReviewAnswer):
    """`base` is the version that was polished, `number` the one with the changes, `newest` the one they stand in."""

    number: int | None
    changes: list[Change]
    refused: list[Refused]


class Piece(BaseModel):
    id: str
    speaker: str | None
    start: float
    end: float
    text: str


class ItemOut(BaseModel):
    """One or two adjacent segments, before and after. The joined text is the same."""

    id: int
    kind: Kind
    before: list[Piece]
    after: list[Piece]
    standing: RepairStanding


class RepairAnswer(ReviewAnswer):
    """`base` is the version that was read, `newest` the one the items stand in."""

    items: list[ItemOut]


SegmentIds = Annotated[list[Id], Field(max_length=50_000)]
ItemIds = Annotated[list[Annotated[int, Field(ge=0, le=100_000)]], Field(max_length=10_000)]


class _Review(BaseModel):
    model_config = ConfigDict(extra="forbid")

    based_on: Number


class Review(_Review):
    """Ids of segments; `based_on` is the number of the version you looked at."""

    accept: SegmentIds = []
    reject: SegmentIds = []


class RepairReview(_Review):
    """Ids of items; `based_on` is the number of the version you looked at. A rejected item may still be accepted."""

    accept: ItemIds = []
    reject: ItemIds = []


@router.get("/polish", tags=["polish"], summary="Changes and refusals of the newest polish")
async def read_polish(session: ReadSession, user: Reader, recording_id: RecordingId) -> PolishAnswer:
    """A diff to review: every change with its text before and after and how it stands now; every refusal with its
    reason: empty, markup, length, numbers, names, negation, hotwords, rewritten."""
    row, number, standings = await review.read(session, POLISH, owner_id=user.id, recording_id=recording_id)
    return PolishAnswer(
        **_common(row, number),
        number=row.number,
        changes=[Change(**change, standing=now) for change, now in zip(row.changes, standings, strict=True)],
        refused=[Refused(**refused) for refused in row.refused],
    )


@router.post("/polish/review", tags=["polish"], summary="Accept or reject changes, segment by segment")
async def review_polish(
    session: WriteSession, user: CurrentUser, recording_id: RecordingId, body: Review
) -> VersionAnswer:
    """Saves a version of yours, as an edit does. Code transcript_changed where `based_on` is not the newest."""
    scope = {"owner_id": user.id, "recording_id": recording_id, "author_id": user.id}
    saved = await review.review(
        session, POLISH, **scope, based_on=body.based_on, accept=body.accept, reject=body.reject
    )
    return VersionAnswer.model_validate(saved)


@router.get("/repair", tags=["repair"], summary="Proposals of the newest repair")
async def read_repair(session: ReadSession, user: Reader, recording_id: RecordingId) -> RepairAnswer:
    """A proposal is applied only when somebody accepts it."""
    row, number, standings = await review.read(session, REPAIR, owner_id=user.id, recording_id=recording_id)
    return RepairAnswer(
        **_common(row, number),
        items=[
            ItemOut(id=id, kind=one["change"]["kind"], before=one["before"], after=one["after"], standing=now)
            for id, (one, now) in enumerate(zip(row.items, standings, strict=True))
        ],
    )


@router.post("/repair/review", tags=["repair"], summary="Accept or reject repairs, one by one")
async def review_repair(
    session: WriteSession, user: CurrentUser, recording_id: RecordingId, body: RepairReview
) -> VersionAnswer:
    """Accepted items are saved as a new version. Code transcript_changed where `based_on` is not the newest."""
    scope = {"owner_id": user.id, "recording_id": recording_id, "author_id": user.id}
    saved = await review.review(
        session, REPAIR, **scope, based_on=body.based_on, accept=body.accept, reject=body.reject
    )
    return VersionAnswer.model_validate(saved)


def _common(row: Polish | Repair, newest: int) -> dict[str, Any]:
    """The fields of a ReviewAnswer."""
    return {
        "base": row.base,
        "newest": newest,
        "model": row.model,
        "job_id": row.job_id,
        "created_at": row.created_at,
        "used": LanguageModelUsage(
            calls=row.calls, prompt_tokens=row.prompt_tokens, completion_tokens=row.completion_tokens
        ),
    }
