"""The review of a polish: its changes are a version at once, and a person accepts or rejects them by segment."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from backend.errors import InvalidInput, NotFound
from backend.events.tables import EventKind
from backend.minutes.polish import Edit, PolishResult, apply_edits
from backend.minutes.review import ReviewKind, newest_document
from backend.minutes.tables import Polish
from backend.transcripts import service as transcripts
from backend.transcripts.document import Document, document_from_json
from backend.transcripts.tables import Origin, Transcript

#: How a segment stands now: as the polish wrote it, as it was before, as somebody wrote it since, or not there.
PolishStanding = Literal["polished", "raw", "edited", "gone"]


class PolishNotFound(NotFound):
    code = "polish_not_found"
    detail = "This transcript was not polished, or it is not yours."


async def _content(
    session: AsyncSession, result: PolishResult, *, owner_id: str, recording_id: str, job_id: str
) -> dict[str, Any]:
    """Publish a version with the changes. It is based on the newest version, so edits made meanwhile stay."""
    _, before = await newest_document(session, owner_id=owner_id, recording_id=recording_id)
    after = apply_edits(before, result.changes)
    version: Transcript | None = None
    if after != before:
        version = await transcripts.publish(
            session,
            recording_id=recording_id,
            owner_id=owner_id,
            job_id=job_id,
            origin=Origin.POLISH,
            document=after,
        )
    return {
        "number": version.number if version else None,
        "changes": [asdict(edit) for edit in result.changes],
        "refused": [asdict(edit) for edit in result.refused],
    }


def _standings(document: Document, row: Polish) -> list[PolishStanding]:
    texts = {segment.id: segment.text for segment in document.segments}

    def standing(change: dict[str, str]) -> PolishStanding:
        text = texts.get(change["segment"])
        if text is None:
            return "gone"
        return "polished" if text == change["after"] else "raw" if text == change["before"] else "edited"

    return [standing(change) for change in row.changes]


def _check_ids(row: Polish, accept: Collection[str], reject: Collection[str]) -> None:
    unknown = (set(accept) | set(reject)) - {change["segment"] for change in row.changes}
    if unknown or set(accept) & set(reject):
        raise InvalidInput("A segment is named that was not changed, or it is both accepted and rejected.")


async def _decide(
    session: AsyncSession, row: Polish, document: Document, accept: Sequence[str], reject: Sequence[str]
) -> Document:
    """Segments somebody has edited since stay as they are."""
    changes = {change["segment"]: Edit(**change) for change in row.changes}
    document = apply_edits(document, [changes[id] for id in accept])
    undo = [replace(changes[id], before=changes[id].after, after=changes[id].before) for id in reject]
    return await _restore_words(session, row, document, apply_edits(document, undo))


async def _restore_words(session: AsyncSession, row: Polish, before: Document, after: Document) -> Document:
    """Restore the times of words in segments whose text is again that of the version the polish read."""
    try:
        base = await transcripts.version(session, owner_id=row.owner_id, recording_id=row.recording_id, number=row.base)
    except transcripts.TranscriptNotFound:
        return after
    document = await asyncio.to_thread(document_from_json, base.document)
    originals = {segment.id: segment for segment in document.segments}
    return replace(
        after,
        segments=tuple(
            replace(new, words=originals[new.id].words)
            if new is not old and new.id in originals and originals[new.id].text == new.text
            else new
            for old, new in zip(before.segments, after.segments, strict=True)
        ),
    )


POLISH: ReviewKind[Polish, str, PolishResult, PolishStanding] = ReviewKind(
    table=Polish,
    not_found=PolishNotFound,
    content=_content,
    standings=_standings,
    check_ids=_check_ids,
    decide=_decide,
    origin=Origin.PERSON,
    written=EventKind.POLISH_WRITTEN,
)
