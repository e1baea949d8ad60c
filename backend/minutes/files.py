"""Minutes as files. They are rendered with their transcript, so that every statement shows its times."""

import asyncio

from sqlalchemy.ext.asyncio import AsyncSession

from backend.minutes.render import MinutesFile
from backend.minutes.tables import Minutes
from backend.minutes.templates import Template
from backend.recordings.titles import title_of
from backend.transcripts import service as transcripts
from backend.transcripts.document import Document, document_from_json
from backend.transcripts.file_properties import FileProperties
from backend.transcripts.written_form import AS_IS, WrittenForm


async def source_document(session: AsyncSession, found: Minutes) -> tuple[Document, bool]:
    """The document these minutes were made from (the newest one if that version was replaced), and whether the minutes
    are stale."""
    scope = {"owner_id": found.owner_id, "recording_id": found.recording_id}
    last = await transcripts.newest(session, **scope)
    base = last
    if last.number != found.transcript:
        try:
            base = await transcripts.version(session, **scope, number=found.transcript)
        except transcripts.TranscriptNotFound:
            base = last
    document = await asyncio.to_thread(document_from_json, base.document)
    return document, last.number != found.transcript


def file_of(
    found: Minutes,
    document: Document,
    title: str,
    stale: bool,
    template: Template | None = None,
    form: WrittenForm = AS_IS,
    properties: FileProperties | None = None,
) -> MinutesFile:
    """What `backend.minutes.render.render` writes; by default in the template of the minutes."""
    used = template or Template(**{**found.template, "parts": tuple(found.template["parts"])})
    versions = {"number": found.number, "transcript": found.transcript}
    facts = properties or FileProperties(created=found.created_at)
    return MinutesFile(found.content, versions, document, title_of(title), stale, used, form, facts)
