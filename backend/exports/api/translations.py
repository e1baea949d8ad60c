"""The route to download a transcript with its translation."""

import asyncio
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response

from backend.accounts.dependencies import DatabaseDep, Reader
from backend.exports.api.style import ExportStyleDep, Format, RenderPoolDep, download
from backend.exports.hotwords import with_hotwords
from backend.exports.properties import properties_of
from backend.minutes import translations
from backend.minutes.api.translations import Code
from backend.recordings import service as recordings
from backend.transcripts import service as transcripts
from backend.transcripts.api import RecordingId
from backend.transcripts.bilingual import Layout, with_translation
from backend.transcripts.document import document_from_json, document_to_json
from backend.transcripts.export import file_name

router = APIRouter(tags=["translations"])


@router.get(
    "/api/recordings/{recording_id}/translations/{language}/export",
    summary="Export with the translation as a file",
    response_class=Response,
)
async def export_translation(
    request: Request,
    database: DatabaseDep,
    render_pool: RenderPoolDep,
    user: Reader,
    recording_id: RecordingId,
    language: Code,
    style: ExportStyleDep,
    format: Format = "txt",
    layout: Layout = Layout.BILINGUAL,
) -> Response:
    """The newest version, bilingual or only the translation. Segments whose text has changed since they were translated
    have no translation in it."""
    scope = {"owner_id": user.id, "recording_id": recording_id}
    async with database.read() as session:
        row = await translations.find(session, owner_id=user.id, recording_id=recording_id, language=language)
        recording = await recordings.find(session, **scope)
        transcript = await transcripts.newest(session, **scope)
        style = await with_hotwords(session, style, **scope)
        properties = await properties_of(session, transcript, recording, user)

    def translated() -> dict[str, Any]:
        document = document_from_json(transcript.document)
        written = with_translation(document, translations.current_texts(row, document), layout)
        # Numbers and script are those of Chinese: they do not apply to a translation into Japanese.
        return document_to_json(replace(written, language=language) if layout is Layout.TRANSLATION else written)

    data = await asyncio.to_thread(translated)
    title = f"{file_name(recording.name, format).removesuffix(f'.{format}')} {language}"
    facts: dict[str, Any] = {"user_id": user.id, "language": language, "properties": properties}
    return await download(request, database, render_pool, transcript, format, title, style, document=data, **facts)
