"""Minutes: read, list versions. Their export: `backend.exports`."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.dependencies import Reader, ReadSession
from backend.minutes import service
from backend.minutes.schema import MinutesContent
from backend.minutes.tables import Minutes
from backend.recordings import service as recordings
from backend.transcripts.api import Number, RecordingId

router = APIRouter(prefix="/api/recordings/{recording_id}/minutes", tags=["minutes"])


class MinutesVersion(BaseModel):
    """`stale` where the transcript has a newer version than `transcript`. Minutes are never remade automatically.

    `edited`: a person saved this version. `proposal`: open or closed where a model made it beside edited minutes."""

    number: int
    transcript: int
    stale: bool
    template: dict[str, Any]
    model: str
    language: str
    covered: int
    segments: int
    edited: bool
    proposal: Literal["open", "closed"] | None
    job_id: str | None
    created_at: datetime


class MinutesAnswer(MinutesVersion):
    """`proposed` is the number of the open proposal, if there is one."""

    recording_id: str
    proposed: int | None
    content: MinutesContent


@router.get("", summary="The newest minutes, or any version")
async def read(
    session: ReadSession, user: Reader, recording_id: RecordingId, version: Annotated[Number | None, Query()] = None
) -> MinutesAnswer:
    """Every statement names the ids of the segments that are its evidence; `content.coverage` says what was read."""
    found = await _find(session, user.id, recording_id, version)
    return await answer_of(session, found)


@router.get("/versions", summary="All minutes, newest first")
async def versions(session: ReadSession, user: Reader, recording_id: RecordingId) -> list[MinutesVersion]:
    await recordings.find(session, owner_id=user.id, recording_id=recording_id)
    last = await service.newest_transcript(session, owner_id=user.id, recording_id=recording_id)
    found = await service.versions(session, owner_id=user.id, recording_id=recording_id)
    return [_version(one, last) for one in found]


async def answer_of(session: AsyncSession, found: Minutes) -> MinutesAnswer:
    """The answer with these minutes."""
    scope: dict[str, Any] = {"owner_id": found.owner_id, "recording_id": found.recording_id}
    last = await service.newest_transcript(session, **scope)
    try:
        proposed = (await service.open_proposal(session, **scope)).number
    except service.ProposalClosed:
        proposed = None
    return MinutesAnswer(
        **_version(found, last).model_dump(),
        recording_id=found.recording_id,
        proposed=proposed,
        content=MinutesContent.model_validate(found.content),
    )


async def _find(session: AsyncSession, owner_id: str, recording_id: str, number: int | None) -> Minutes:
    if number is None:
        return await service.newest(session, owner_id=owner_id, recording_id=recording_id)
    return await service.version(session, owner_id=owner_id, recording_id=recording_id, number=number)


def _version(found: Minutes, last: int) -> MinutesVersion:
    coverage = found.content["coverage"]
    return MinutesVersion(
        number=found.number,
        transcript=found.transcript,
        stale=found.transcript != last,
        template=found.template,
        model=found.model,
        language=found.content["language"],
        covered=coverage["covered"],
        segments=coverage["segments"],
        edited=found.author_id is not None,
        proposal=found.proposal,
        job_id=found.job_id,
        created_at=found.created_at,
    )
