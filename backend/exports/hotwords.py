"""The hotwords of a recording stay as they are in its exports."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from backend.jobs import queue
from backend.transcripts.export_style import ExportStyle


async def with_hotwords(session: AsyncSession, style: ExportStyle, *, owner_id: str, recording_id: str) -> ExportStyle:
    """The style in which the hotwords of the recording stay as they are."""
    if style.written_form.changes_nothing:
        return style
    hotwords = await queue.hotwords_of_recording(session, owner_id=owner_id, recording_id=recording_id)
    return replace(style, protected=hotwords)
