"""Translations of one owner's transcripts: one for each language, beside the versions of the transcript."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.database import utc_now
from backend.engines.language_model_protocol import TokenUsage
from backend.errors import NotFound
from backend.events.log import record
from backend.events.tables import EventKind
from backend.minutes.tables import Translation
from backend.minutes.translate import TranslatedLine, is_current
from backend.recordings.tables import not_trashed
from backend.transcripts.document import Document

#: How a line stands now: right for the text, for a text that was changed since, or there is no translation.
LineStanding = Literal["current", "stale", "missing"]


class TranslationNotFound(NotFound):
    code = "translation_not_found"
    detail = "This transcript was not translated into this language, or it is not yours."


@dataclass(frozen=True, slots=True)
class LineState:
    line: TranslatedLine
    standing: LineStanding


async def all_of(session: AsyncSession, *, owner_id: str, recording_id: str) -> Sequence[Translation]:
    """In the order of their languages."""
    query = select(Translation).where(*_owned(owner_id, recording_id)).order_by(Translation.language)
    return (await session.scalars(query)).all()


async def find(
    session: AsyncSession, *, owner_id: str, recording_id: str, language: str, for_update: bool = False
) -> Translation:
    query = select(Translation).where(*_owned(owner_id, recording_id), Translation.language == language)
    found = await session.scalar(query.with_for_update() if for_update else query)
    if found is None:
        raise TranslationNotFound
    return found


async def known_lines(
    session: AsyncSession, *, owner_id: str, recording_id: str, language: str
) -> dict[str, TranslatedLine]:
    """The lines of this language by segment id; none where it was not translated yet."""
    try:
        row = await find(session, owner_id=owner_id, recording_id=recording_id, language=language)
    except TranslationNotFound:
        return {}
    return lines_of(row)


async def publish(
    session: AsyncSession,
    *,
    owner_id: str,
    recording_id: str,
    language: str,
    job_id: str,
    base: int,
    model: str,
    used: TokenUsage,
    lines: Sequence[TranslatedLine],
) -> Translation:
    """Store the lines a job made of version `base`. What a person wrote while it worked stays."""
    try:
        row = await find(session, owner_id=owner_id, recording_id=recording_id, language=language, for_update=True)
    except TranslationNotFound:
        row = Translation(owner_id=owner_id, recording_id=recording_id, language=language, lines=[])
        session.add(row)
    known = lines_of(row)
    row.lines = [asdict(_preferred(known.get(line.segment), line)) for line in lines]
    row.job_id, row.base, row.model, row.created_at = job_id, base, model[:128], utc_now()
    row.calls, row.prompt_tokens, row.completion_tokens = used.calls, used.prompt_tokens, used.completion_tokens
    await session.flush()
    scope = {"owner_id": owner_id, "recording_id": recording_id}
    record(session, EventKind.TRANSLATION_WRITTEN, **scope, job_id=job_id, language=language)
    return row


async def write_line(
    session: AsyncSession,
    document: Document,
    *,
    owner_id: str,
    recording_id: str,
    language: str,
    segment: str,
    text: str,
) -> LineState:
    """Replace one line by what a person wrote for the segment's text as it is in `document`. Raises TranslationNotFound
    also where the document has no such segment."""
    row = await find(session, owner_id=owner_id, recording_id=recording_id, language=language, for_update=True)
    source = next((one.text for one in document.segments if one.id == segment), None)
    if source is None:
        raise TranslationNotFound
    lines = lines_of(row)
    lines[segment] = TranslatedLine(segment, source, text, by_person=True)
    row.lines = [asdict(line) for line in lines.values()]
    await session.flush()
    scope = {"owner_id": owner_id, "recording_id": recording_id}
    record(session, EventKind.TRANSLATION_WRITTEN, **scope, language=language)
    return LineState(lines[segment], "current")


def lines_of(row: Translation) -> dict[str, TranslatedLine]:
    return {line["segment"]: TranslatedLine(**line) for line in row.lines}


def states(row: Translation, document: Document) -> list[LineState]:
    """How the translation of each segment with text stands, in their order."""
    lines = lines_of(row)
    return [_state(lines.get(one.id), one.id, one.text) for one in document.segments if one.text]


def current_texts(row: Translation, document: Document) -> dict[str, str]:
    """The translations that are right for the document's text, by segment id. Stale ones are left out: they say what
    nobody said."""
    return {state.line.segment: state.line.text for state in states(row, document) if state.standing == "current"}


def counts(row: Translation, document: Document) -> Mapping[str, int]:
    """How many lines are current, stale and missing, and how many current ones are doubtful."""
    found = states(row, document)
    standings: Counter[str] = Counter(state.standing for state in found)
    standings["doubtful"] = sum(state.standing == "current" and bool(state.line.reason) for state in found)
    return standings


def _state(line: TranslatedLine | None, segment: str, text: str) -> LineState:
    if line is None:
        return LineState(TranslatedLine(segment, text, ""), "missing")
    if not line.text:
        return LineState(line, "missing")
    return LineState(line, "current" if is_current(line, text) else "stale")


def _preferred(stored: TranslatedLine | None, made: TranslatedLine) -> TranslatedLine:
    return stored if stored is not None and stored.by_person and is_current(stored, made.source) else made


def _owned(owner_id: str, recording_id: str) -> tuple[ColumnElement[bool], ...]:
    """The conditions for translations of this owner. Recordings in the trash are not found."""
    owned: tuple[Any, ...] = (Translation.recording_id == recording_id, Translation.owner_id == owner_id)
    return (*owned, not_trashed(Translation.recording_id))
