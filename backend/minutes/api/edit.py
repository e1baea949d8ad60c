"""Minutes edited by a person, and what a model proposes beside them."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts.dependencies import CurrentUser, WriteSession
from backend.minutes import service
from backend.minutes.api.minutes import MinutesAnswer, answer_of
from backend.minutes.edits import join, mark_edits
from backend.minutes.files import source_document
from backend.minutes.schema import MinutesContent
from backend.transcripts.api import Number, RecordingId

router = APIRouter(prefix="/api/recordings/{recording_id}/minutes", tags=["minutes"])

_Line = Annotated[str, Field(max_length=200)]
_Evidence = Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=200)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EditedStatement(_Body):
    """`evidence` are ids of segments; a person's statement may have none."""

    text: Annotated[str, Field(min_length=1, max_length=4000, pattern=r"\S")]
    evidence: _Evidence = []
    doubtful: bool = False


class EditedTopic(_Body):
    title: Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
    start: Annotated[float, Field(ge=0, le=1e6)] = 0.0
    end: Annotated[float, Field(ge=0, le=1e6)] = 0.0
    evidence: _Evidence = []
    points: Annotated[list[EditedStatement], Field(max_length=200)] = []


class EditedAction(EditedStatement):
    who: _Line = ""
    speaker: Annotated[str, Field(max_length=64)] | None = None
    when: _Line = ""
    due: date | None = None
    done: bool = False


class EditedNote(EditedStatement):
    speaker: Annotated[str, Field(max_length=64)]
    name: _Line


class EditedAttachment(_Body):
    name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
    url: Annotated[str, Field(max_length=2000, pattern=r"^(https?://[^\s<>\"]+)?$")] = ""


class EditedMeeting(_Body):
    """Times are local, without an offset: 2026-11-28T10:00."""

    held: datetime | None = None
    place: _Line = ""
    attendees: Annotated[list[_Line], Field(max_length=500)] = []
    next_held: datetime | None = None
    next_place: _Line = ""
    attachments: Annotated[list[EditedAttachment], Field(max_length=100)] = []


class EditedMinutes(_Body):
    title: _Line = ""
    meeting: EditedMeeting = EditedMeeting()
    headline: EditedStatement | None = None
    overview: Annotated[list[EditedStatement], Field(max_length=500)] = []
    topics: Annotated[list[EditedTopic], Field(max_length=500)] = []
    decisions: Annotated[list[EditedStatement], Field(max_length=500)] = []
    actions: Annotated[list[EditedAction], Field(max_length=500)] = []
    questions: Annotated[list[EditedStatement], Field(max_length=500)] = []
    speakers: Annotated[list[EditedNote], Field(max_length=500)] = []
    keywords: Annotated[list[Annotated[str, Field(min_length=1, max_length=40)]], Field(max_length=50)] = []


class MinutesEdit(_Body):
    """`based_on` is the number of the version that was edited."""

    based_on: Annotated[int, Field(ge=1)]
    content: EditedMinutes


class ProposalAnswer(_Body):
    based_on: Annotated[int, Field(ge=1)]


@router.put("", summary="Save edited minutes, as a new version")
async def save(session: WriteSession, user: CurrentUser, recording_id: RecordingId, body: MinutesEdit) -> MinutesAnswer:
    """409 `minutes_changed` with `newest` where another version came in between: nothing is lost, join them and save
    again. Statements that were changed are marked `edited`; evidence must be in the transcript."""
    scope = {"owner_id": user.id, "recording_id": recording_id}
    base = await service.newest(session, **scope)
    service.check_base(base, body.based_on)
    before = MinutesContent.model_validate(base.content)
    document, _ = await source_document(session, base)
    known = {segment.id for segment in document.segments} | set(service.evidence_of(before))
    unchanged: dict[str, Any] = before.model_dump(include={"schema_version", "language", "coverage", "dropped", "used"})
    edited = MinutesContent.model_validate(unchanged | body.content.model_dump())
    if unknown := set(service.evidence_of(edited)) - known:
        raise service.UnknownEvidence(segments=sorted(unknown)[:20])
    saved = await service.save(session, base=base, author_id=user.id, content=mark_edits(before, edited))
    return await answer_of(session, saved)


@router.post("/proposals/{version}/accept", summary="Take a model's new minutes, with what people wrote in them")
async def accept(
    session: WriteSession,
    user: CurrentUser,
    recording_id: RecordingId,
    version: Annotated[Number, Path()],
    body: ProposalAnswer,
) -> MinutesAnswer:
    """A new version: the proposal, with everything that a person wrote, ticked or entered, and without what a person
    removed."""
    scope = {"owner_id": user.id, "recording_id": recording_id}
    base = await service.newest(session, **scope)
    service.check_base(base, body.based_on)
    proposal = await service.open_proposal(session, **scope, number=version)
    content = join(MinutesContent.model_validate(base.content), MinutesContent.model_validate(proposal.content))
    saved = await service.save(session, base=base, author_id=user.id, content=content, proposal=proposal)
    return await answer_of(session, saved)


@router.delete("/proposals/{version}", status_code=204, summary="Decline a model's new minutes")
async def decline(
    session: WriteSession, user: CurrentUser, recording_id: RecordingId, version: Annotated[Number, Path()]
) -> None:
    """They stay among the versions."""
    proposal = await service.open_proposal(session, owner_id=user.id, recording_id=recording_id, number=version)
    proposal.proposal = service.CLOSED
