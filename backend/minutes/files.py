"""Minutes as files: what they rest on is read with them, so that every statement shows its times."""

import asyncio
import json

from sqlalchemy.ext.asyncio import AsyncSession

from backend.minutes.docx import docx
from backend.minutes.form import MinutesForm
from backend.minutes.markdown import markdown
from backend.minutes.tables import Minutes
from backend.minutes.templates import Template
from backend.transcripts import service as transcripts
from backend.transcripts.document import Document, document_from_json


async def rests_on(session: AsyncSession, found: Minutes) -> tuple[Document, bool]:
    """The document these minutes were made of (the newest, where that version was replaced), and whether they are
    stale."""
    whose = {"owner_id": found.owner_id, "recording_id": found.recording_id}
    last = await transcripts.newest(session, **whose)
    base = last
    if last.number != found.transcript:
        try:
            base = await transcripts.version(session, **whose, number=found.transcript)
        except transcripts.TranscriptNotFound:
            base = last
    document = await asyncio.to_thread(document_from_json, base.document)
    return document, last.number != found.transcript


def written(
    found: Minutes, document: Document, format: str, title: str, stale: bool, template: Template | None = None
) -> bytes:
    """Minutes as a file."""
    if format == "json":
        facts = {"title": title, "number": found.number, "transcript": found.transcript, "stale": stale}
        return (json.dumps({**facts, **found.content}, ensure_ascii=False) + "\n").encode()
    shown = template or Template(**{**found.template, "parts": tuple(found.template["parts"])})
    content = MinutesForm.model_validate(found.content)
    if format == "docx":
        return docx(content, document, shown, title, stale=stale)
    return markdown(content, document, shown, title, stale=stale).encode()
