"""Minutes as files. They are rendered with their transcript, so that every statement shows its times."""

import asyncio
import json

from sqlalchemy.ext.asyncio import AsyncSession

from backend.minutes.docx import docx
from backend.minutes.markdown import markdown
from backend.minutes.schema import MinutesContent
from backend.minutes.tables import Minutes
from backend.minutes.templates import Template
from backend.transcripts import service as transcripts
from backend.transcripts.document import Document, document_from_json


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


def render_minutes(
    found: Minutes, document: Document, format: str, title: str, stale: bool, template: Template | None = None
) -> bytes:
    """Minutes as a file."""
    if format == "json":
        facts = {"title": title, "number": found.number, "transcript": found.transcript, "stale": stale}
        return (json.dumps({**facts, **found.content}, ensure_ascii=False) + "\n").encode()
    used_template = template or Template(**{**found.template, "parts": tuple(found.template["parts"])})
    content = MinutesContent.model_validate(found.content)
    if format == "docx":
        return docx(content, document, used_template, title, stale=stale)
    return markdown(content, document, used_template, title, stale=stale).encode()
