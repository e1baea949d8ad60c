"""Recordings over HTTP: looking, renaming, listening, taking the original home."""

import asyncio
import re
import unicodedata
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts.access import Configured, CurrentUser, Reader, Reading, Stored, Viewer, Writing
from backend.accounts.audit import Action, note_apart
from backend.errors import AppError, NotFound
from backend.recordings import service
from backend.recordings.files import Storage, extension_of
from backend.recordings.parts import parts_of
from backend.recordings.refusals import InputMissing
from backend.recordings.tables import Recording

router = APIRouter(prefix="/api/recordings", tags=["recordings"])


class AudioNotReady(NotFound):
    code = "audio_not_ready"
    detail = "This recording is still being prepared for listening. Try again in a moment."


class OriginalRemoved(AppError):
    status = 410
    code = "original_removed"
    detail = "The uploaded file was removed when its time was up. What was made of it is still here."


class AudioRemoved(AppError):
    status = 410
    code = "audio_removed"
    detail = "The sound was removed when its time was up. What was made of it is still here."


class RecordingOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    size: int = Field(description="bytes of the original")
    sha256: str = Field(description="of the original; of several parts, that of the list of their checksums")
    parts: int = Field(description="files it came in, heard one behind the other")
    duration: float | None = Field(description="seconds; null until it is known")
    created_at: datetime
    original_removed_at: datetime | None = Field(default=None, description="by a rule of retention; null as a rule")
    audio_removed_at: datetime | None = Field(default=None, description="the listening copy, likewise")


class RecordingChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=255)


def _storage(settings: Configured) -> Storage:
    return Storage(settings.uploads_dir)


#: Where files lie.
Files = Annotated[Storage, Depends(_storage)]


@router.get("/{recording_id}")
async def get_recording(recording_id: str, user: Reader, session: Reading) -> RecordingOut:
    return RecordingOut.model_validate(await service.find(session, owner_id=user.id, recording_id=recording_id))


@router.patch("/{recording_id}")
async def rename_recording(
    recording_id: str, change: RecordingChange, user: CurrentUser, session: Writing
) -> RecordingOut:
    """Give a recording another name."""
    return RecordingOut.model_validate(
        await service.rename(session, owner_id=user.id, recording_id=recording_id, name=change.name)
    )


@router.get("/{recording_id}/audio", response_class=FileResponse, responses={200: {"content": {"audio/mp4": {}}}})
async def listen(recording_id: str, user: Viewer, session: Reading, storage: Files) -> FileResponse:
    """The listening copy. Asks for ranges are answered with ranges, so a player can jump."""
    recording = await service.find(session, owner_id=user.id, recording_id=recording_id)
    missing = AudioRemoved if recording.audio_removed_at else AudioNotReady
    return _file(storage.listening_copy(recording.id), "audio/mp4", "inline", f"{_stem(recording)}.m4a", missing)


@router.get("/{recording_id}/original", response_class=FileResponse)
async def download_original(
    recording_id: str,
    user: Viewer,
    session: Reading,
    database: Stored,
    storage: Files,
    part: Annotated[int, Query(ge=1, description="which file, of a recording that came in several")] = 1,
) -> FileResponse:
    """The file as it was uploaded, byte for byte."""
    recording = await service.find(session, owner_id=user.id, recording_id=recording_id)
    if recording.original_removed_at is not None:
        raise OriginalRemoved
    try:
        path = (await asyncio.to_thread(parts_of, storage, recording))[part - 1]
    except (FileNotFoundError, IndexError):
        raise InputMissing from None
    await note_apart(database, Action.EXPORTED, subject=recording_id, format="original", part=part)
    name, extension = recording.name, path.suffix.removeprefix(".")
    if recording.parts > 1:
        name = f"{_stem(recording)} ({part})"
    if extension != "bin" and extension_of(name) != extension:  # renamed without one
        name = f"{name}.{extension}"
    return _file(path, "application/octet-stream", "attachment", name, InputMissing)


@router.get(
    "/{recording_id}/peaks", response_class=FileResponse, responses={200: {"content": {"application/json": {}}}}
)
async def get_peaks(recording_id: str, user: Viewer, session: Reading, storage: Files) -> FileResponse:
    """The waveform, for drawing: {"duration": seconds, "peaks": [0…1, …]}."""
    recording = await service.find(session, owner_id=user.id, recording_id=recording_id)
    missing = AudioRemoved if recording.audio_removed_at else AudioNotReady
    return _file(storage.peaks(recording.id), "application/json", "inline", "peaks.json", missing)


def content_disposition(kind: str, name: str) -> str:
    """The header by RFC 6266: the true name, and one in ASCII for programs that know no other."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^\w .()\-]", "_", plain).strip()
    if not plain.rpartition(".")[0].strip(" ._"):
        plain = f"recording{Path(plain).suffix or (plain if plain.startswith('.') else '')}"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _file(path: Path, media_type: str, kind: str, name: str, missing: type[AppError]) -> FileResponse:
    if not path.is_file():
        raise missing
    headers: dict[str, Any] = {
        "Content-Disposition": content_disposition(kind, name),
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-cache",
    }
    return FileResponse(path, media_type=media_type, headers=headers)


def _stem(recording: Recording) -> str:
    return Path(recording.name).stem or "recording"
