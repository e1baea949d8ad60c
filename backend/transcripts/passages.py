"""The passages of transcripts, and the names in them, for the search in all recordings."""

import asyncio

from sqlalchemy.ext.asyncio import AsyncSession

from backend.search import passages, texts
from backend.transcripts.document import Document


async def index_document(
    session: AsyncSession, *, owner_id: str, recording_id: str, version: int, document: Document
) -> None:
    """From this commit on, the words of this document and the names of its speakers are found."""
    names = {speaker.id: speaker.name for speaker in document.speakers}
    made = await asyncio.to_thread(passages.passages_of, document.segments, names)
    scope = {"owner_id": owner_id, "recording_id": recording_id}
    await passages.replace(session, **scope, version=version, passages=made)
    await texts.replace(session, **scope, kind=texts.Kind.SPEAKER, texts=named_speakers(document))


def named_speakers(document: Document) -> dict[str, str]:
    """The names that people gave, by the id of the speaker."""
    return {speaker.id: speaker.name for speaker in document.speakers if speaker.name}
