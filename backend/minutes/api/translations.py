"""Translations of a transcript: read, correct, delete. Their export: `backend.exports`."""

import asyncio
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts.dependencies import CurrentUser, Reader, ReadSession, WriteSession
from backend.minutes import translations
from backend.minutes.review import newest_document
from backend.minutes.schema import LanguageModelUsage
from backend.minutes.tables import Translation
from backend.minutes.translations import LineStanding, LineState
from backend.recordings import service as recordings
from backend.transcripts.api import RecordingId
from backend.transcripts.document import Document
from backend.transcripts.schema import Id

router = APIRouter(prefix="/api/recordings/{recording_id}/translations", tags=["translations"])

#: The code of a language.
Code = Annotated[str, Path(max_length=8)]


class TranslationSummary(BaseModel):
    """`base` is the version that was translated, `newest` the one the counts are about. `doubtful` lines are current,
    but should be checked by a person."""

    language: str
    base: int
    newest: int
    current: int
    stale: int
    missing: int
    doubtful: int
    model: str
    job_id: str | None
    created_at: datetime
    used: LanguageModelUsage


class LineOut(BaseModel):
    """The translation of one segment. `reason` says why it is doubtful or missing: numbers, missing, markup, length,
    untranslated; empty where it is fine, or not there yet."""

    segment: str
    text: str
    reason: str
    by_person: bool
    standing: LineStanding


class TranslationAnswer(TranslationSummary):
    lines: list[LineOut]


class LineRequest(BaseModel):
    """What a person writes instead of the translation of one segment."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(min_length=1, max_length=20_000)]


@router.get("", summary="All translations of a transcript")
async def list_all(session: ReadSession, user: Reader, recording_id: RecordingId) -> list[TranslationSummary]:
    await recordings.find(session, owner_id=user.id, recording_id=recording_id)
    found = await translations.all_of(session, owner_id=user.id, recording_id=recording_id)
    if not found:
        return []
    number, document = await newest_document(session, owner_id=user.id, recording_id=recording_id)
    return await asyncio.to_thread(lambda: [_summary(one, number, document) for one in found])


@router.get("/{language}", summary="One translation, line by line")
async def read(session: ReadSession, user: Reader, recording_id: RecordingId, language: Code) -> TranslationAnswer:
    """One line for each segment of the newest version that has text."""
    row = await translations.find(session, owner_id=user.id, recording_id=recording_id, language=language)
    number, document = await newest_document(session, owner_id=user.id, recording_id=recording_id)

    def answer() -> TranslationAnswer:
        lines = [_line(state) for state in translations.states(row, document)]
        return TranslationAnswer(**dict(_summary(row, number, document)), lines=lines)

    return await asyncio.to_thread(answer)


@router.put("/{language}/lines/{segment}", summary="Correct the translation of a segment")
async def write_line(
    session: WriteSession,
    user: CurrentUser,
    recording_id: RecordingId,
    language: Code,
    segment: Annotated[Id, Path()],
    body: LineRequest,
) -> LineOut:
    """It stays when the transcript is translated again, unless the segment's text changes."""
    _, document = await newest_document(session, owner_id=user.id, recording_id=recording_id)
    scope = {"owner_id": user.id, "recording_id": recording_id, "language": language}
    text = " ".join(body.text.split())
    return _line(await translations.write_line(session, document, **scope, segment=segment, text=text))


@router.delete("/{language}", status_code=204, summary="Delete a translation")
async def delete(session: WriteSession, user: CurrentUser, recording_id: RecordingId, language: Code) -> None:
    """The transcript stays as it is."""
    row = await translations.find(session, owner_id=user.id, recording_id=recording_id, language=language)
    await session.delete(row)


def _summary(row: Translation, number: int, document: Document) -> TranslationSummary:
    counts = translations.counts(row, document)
    return TranslationSummary(
        language=row.language,
        base=row.base,
        newest=number,
        **{name: counts[name] for name in ("current", "stale", "missing", "doubtful")},
        model=row.model,
        job_id=row.job_id,
        created_at=row.created_at,
        used=LanguageModelUsage(
            calls=row.calls, prompt_tokens=row.prompt_tokens, completion_tokens=row.completion_tokens
        ),
    )


def _line(state: LineState) -> LineOut:
    line = state.line
    return LineOut(
        segment=line.segment, text=line.text, reason=line.reason, by_person=line.by_person, standing=state.standing
    )
