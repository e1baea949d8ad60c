"""Polishes of one owner's transcripts: what was changed, what was refused, and what a person says to it."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from backend.engines.language import Tally
from backend.errors import InvalidInput
from backend.minutes.polish import Edit, Polished, applied
from backend.minutes.review import looked_at, newest, standing_in
from backend.minutes.tables import Polish
from backend.transcripts import service as transcripts
from backend.transcripts.document import Document, document_from_json
from backend.transcripts.tables import Origin, Transcript

#: How a segment stands now: as the polish wrote it, as it was before, or as somebody wrote it since.
Standing = Literal["polished", "raw", "edited", "gone"]


async def publish(
    session: AsyncSession,
    *,
    owner_id: str,
    recording_id: str,
    job_id: str,
    base: int,
    polished: Polished,
    model: str,
    used: Tally,
) -> Polish:
    """Add a version with the changes, after all others: what somebody wrote meanwhile stays as they wrote it."""
    _, before = await standing_in(session, owner_id=owner_id, recording_id=recording_id)
    after = applied(before, polished.changes)
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
    row = Polish(
        recording_id=recording_id,
        owner_id=owner_id,
        job_id=job_id,
        base=base,
        number=version.number if version else None,
        changes=[asdict(edit) for edit in polished.changes],
        refused=[asdict(edit) for edit in polished.refused],
        model=model[:128],
        calls=used.calls,
        prompt_tokens=used.prompt_tokens,
        completion_tokens=used.completion_tokens,
    )
    session.add(row)
    await session.flush()
    return row


async def review(
    session: AsyncSession,
    *,
    owner_id: str,
    recording_id: str,
    author_id: str,
    based_on: int,
    accept: Collection[str],
    reject: Collection[str],
) -> Transcript:
    """Save a person's version in which the changes of `accept` stand and those of `reject` do not. Segments somebody
    has written since stay. Raises TranscriptChanged where `based_on` is not the newest version."""
    found = await newest(session, Polish, owner_id=owner_id, recording_id=recording_id)
    changes = {change["segment"]: Edit(**change) for change in found.changes}
    unknown = (set(accept) | set(reject)) - set(changes)
    if unknown or set(accept) & set(reject):
        raise InvalidInput("A segment is named that was not changed, or it is both accepted and rejected.")
    document = await looked_at(session, owner_id=owner_id, recording_id=recording_id, based_on=based_on)
    document = applied(document, [changes[id] for id in accept])
    back = [replace(changes[id], before=changes[id].after, after=changes[id].before) for id in reject]
    document = await _with_words(session, found, document, applied(document, back))
    return await transcripts.save(
        session,
        owner_id=owner_id,
        recording_id=recording_id,
        author_id=author_id,
        document=document,
        based_on=based_on,
    )


def standings(document: Document, changes: Sequence[dict[str, str]]) -> list[Standing]:
    """How each change stands in this document."""
    texts = {segment.id: segment.text for segment in document.segments}

    def one(change: dict[str, str]) -> Standing:
        text = texts.get(change["segment"])
        if text is None:
            return "gone"
        return "polished" if text == change["after"] else "raw" if text == change["before"] else "edited"

    return [one(change) for change in changes]


async def _with_words(session: AsyncSession, found: Polish, before: Document, after: Document) -> Document:
    """The document with the times of words given back to segments whose text is again what was heard."""
    try:
        base = await transcripts.version(
            session, owner_id=found.owner_id, recording_id=found.recording_id, number=found.base
        )
    except transcripts.TranscriptNotFound:
        return after
    heard = {segment.id: segment for segment in (await asyncio.to_thread(document_from_json, base.document)).segments}
    return replace(
        after,
        segments=tuple(
            replace(new, words=heard[new.id].words)
            if new is not old and new.id in heard and heard[new.id].text == new.text
            else new
            for old, new in zip(before.segments, after.segments, strict=True)
        ),
    )
