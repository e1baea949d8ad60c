"""Minutes as files. They are rendered with their transcript, so that every statement shows its times."""

import asyncio
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from backend.minutes.tables import Minutes
from backend.minutes.templates import Template
from backend.transcripts import service as transcripts
from backend.transcripts.document import Document, document_from_json
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


def render_arguments(
    found: Minutes,
    document: Document,
    format: str,
    title: str,
    stale: bool,
    template: Template | None = None,
    form: WrittenForm = AS_IS,
) -> tuple[dict[str, Any], dict[str, int], Document, str, str, bool, Template, WrittenForm]:
    """The arguments with which `backend.minutes.render.render` writes these minutes; by default in their template."""
    used = template or Template(**{**found.template, "parts": tuple(found.template["parts"])})
    versions = {"number": found.number, "transcript": found.transcript}
    return found.content, versions, document, format, title, stale, used, form
