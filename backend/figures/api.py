"""HTTP routes of the figures of a recording: as JSON, and as CSV."""

import asyncio

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.audit import Action, note_in_own_transaction
from backend.accounts.dependencies import DatabaseDep, Reader, ReadSession
from backend.csv_safety import UTF8_BOM, to_csv
from backend.figures.talk import (
    BINS,
    OVERLAP_SECONDS,
    SILENCE_SECONDS,
    SPAN_GAP_SECONDS,
    TURN_GAP_SECONDS,
    TalkFigures,
    talk_figures,
)
from backend.transcripts import service as transcripts
from backend.transcripts.api import RecordingId
from backend.transcripts.document import Document, document_from_json

router = APIRouter(prefix="/api/recordings/{recording_id}/figures", tags=["figures"])


class SpeakerFiguresOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    speaker: str | None = Field(description="id of the speaker; null for speech of nobody known")
    seconds: float = Field(
        description=f"spoken, from the times of the words; pauses up to {SPAN_GAP_SECONDS:g} s belong to it"
    )
    share: float = Field(description="of the spoken seconds of all speakers, 0 to 1")
    turns: int = Field(description=f"with pauses up to {TURN_GAP_SECONDS:g} s in them, while nobody else speaks")
    longest_turn: float = Field(description="seconds")
    characters: int = Field(description="Chinese characters, and other words as one each, as heard")
    characters_per_minute: float | None = Field(description="of the seconds this speaker spoke")
    questions: int = Field(description="by the text: sentences that end in a question mark or a particle of questions")
    strip: list[float] = Field(description=f"for each of {BINS} equal parts of the recording, the share spoken")


class TalkFiguresOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    version: int = Field(description="number of the version of the transcript they were made from")
    speakers: list[SpeakerFiguresOut] = Field(description="most seconds first")
    speech: float = Field(description="seconds in which anybody spoke")
    silence: float = Field(description=f"seconds of pauses longer than {SILENCE_SECONDS:g} s")
    overlap_at_least: float = Field(
        description=f"seconds in which two spoke, as far as the text shows it; from {OVERLAP_SECONDS:g} s on"
    )


@router.get("", summary="Who spoke how much")
async def figures(recording_id: RecordingId, user: Reader, session: ReadSession) -> TalkFiguresOut:
    """Made from the newest version at this moment. Interruptions are not counted: they cannot be measured."""
    version, _, made = await _figures(session, user.id, recording_id)
    speakers = [SpeakerFiguresOut.model_validate(one) for one in made.speakers]
    return TalkFiguresOut(
        version=version,
        speakers=speakers,
        speech=made.speech,
        silence=made.silence,
        overlap_at_least=made.overlap_at_least,
    )


@router.get("/export", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
async def export_figures(
    recording_id: RecordingId, user: Reader, session: ReadSession, database: DatabaseDep
) -> Response:
    """The figures of the speakers as CSV, one row each, with their names."""
    _, document, made = await _figures(session, user.id, recording_id)
    await note_in_own_transaction(database, Action.EXPORTED, subject=recording_id, format="figures")
    names = ("seconds", "share", "turns", "longest_turn", "characters", "characters_per_minute", "questions")
    rows = [
        (document.speaker_name(one.speaker), *(_number(getattr(one, name)) for name in names)) for one in made.speakers
    ]
    csv = UTF8_BOM + to_csv([("speaker", *names), *rows])
    headers = {"Content-Disposition": 'attachment; filename="figures.csv"'}
    return Response(csv, media_type="text/csv; charset=utf-8", headers=headers)


async def _figures(session: AsyncSession, owner_id: str, recording_id: str) -> tuple[int, Document, TalkFigures]:
    newest = await transcripts.newest(session, owner_id=owner_id, recording_id=recording_id)

    def make() -> tuple[Document, TalkFigures]:
        document = document_from_json(newest.document)
        return document, talk_figures(document)

    return newest.number, *await asyncio.to_thread(make)


def _number(value: float | None) -> float | None:
    return round(value, 3) if isinstance(value, float) else value
