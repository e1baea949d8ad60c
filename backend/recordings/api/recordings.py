"""HTTP routes of a recording: its metadata, its name, its audio, its waveform and its original file."""

import asyncio
import re
import unicodedata
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field, field_validator

from backend.accounts.audit import Action, note_in_own_transaction
from backend.accounts.dependencies import (
    CurrentUser,
    DatabaseDep,
    Reader,
    ReadSession,
    Viewer,
    WriteSession,
)
from backend.errors import AppError, NotFound
from backend.recordings import service
from backend.recordings.api.dependencies import StorageDep
from backend.recordings.files import extension_of
from backend.recordings.media_errors import InputMissing
from backend.recordings.parts import parts_of
from backend.recordings.tables import Recording
from backend.recordings.titles import title_of

router = APIRouter(prefix="/api/recordings", tags=["recordings"])


class AudioNotReady(NotFound):
    code = "audio_not_ready"
    detail = "The audio of this recording is still being prepared. Try again in a moment."


class OriginalRemoved(AppError):
    status = 410
    code = "original_removed"
    detail = "The uploaded file was deleted by a retention rule. Everything made from it is still here."


class PartNotFound(NotFound):
    code = "part_not_found"


class AudioRemoved(AppError):
    status = 410
    code = "audio_removed"
    detail = "The audio was deleted by a retention rule. Everything made from it is still here."


class NoVideo(NotFound):
    code = "no_video"
    detail = "This recording has no picture that a browser could show."


class RecordingOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    size: int = Field(description="bytes of the original")
    sha256: str = Field(description="of the original; for several parts, of the list of their checksums")
    parts: int = Field(description="number of files it consists of, in playing order")
    duration: float | None = Field(description="seconds; null until known")
    created_at: datetime
    original_removed_at: datetime | None = Field(default=None, description="when retention deleted the original")
    audio_removed_at: datetime | None = Field(default=None, description="when retention deleted the audio")
    video_type: str | None = Field(
        default=None, description="media type of /video, if the original may have a picture; null without one"
    )


class RecordingNote(BaseModel):
    """A mark or a note that somebody made while the recording ran."""

    model_config = ConfigDict(extra="forbid")

    at: float = Field(ge=0, le=1e7, allow_inf_nan=False, description="second of the recording")
    text: str = Field(default="", max_length=500, description="empty for a mark")


class RecordingWithNotes(RecordingOut):
    notes: list[RecordingNote] = Field(description="made while it was recorded, in the order they were made")

    @field_validator("notes", mode="before")
    @classmethod
    def _none_is_empty(cls, notes: Any) -> Any:
        return notes or []


class RecordingChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=255)
    expected_name: str | None = Field(
        default=None, max_length=255, description="the name that was read before; null replaces any name"
    )


@router.get("/{recording_id}")
async def get_recording(recording_id: str, user: Reader, session: ReadSession) -> RecordingWithNotes:
    return RecordingWithNotes.model_validate(await service.find(session, owner_id=user.id, recording_id=recording_id))


@router.patch("/{recording_id}")
async def rename_recording(
    recording_id: str, change: RecordingChange, user: CurrentUser, session: WriteSession
) -> RecordingOut:
    """Change the name of a recording. 409 `name_changed` with `name` where it is no longer `expected_name`."""
    renamed = await service.rename(
        session, owner_id=user.id, recording_id=recording_id, name=change.name, expected_name=change.expected_name
    )
    return RecordingOut.model_validate(renamed)


@router.get("/{recording_id}/audio", response_class=FileResponse, responses={200: {"content": {"audio/mp4": {}}}})
async def get_audio(recording_id: str, user: Viewer, session: ReadSession, storage: StorageDep) -> FileResponse:
    """The audio for playback. Range requests are supported, so that a player can seek."""
    recording = await service.find(session, owner_id=user.id, recording_id=recording_id)
    missing = AudioRemoved if recording.audio_removed_at else AudioNotReady
    return _file(storage.listening_copy(recording.id), "audio/mp4", "inline", f"{_stem(recording)}.m4a", missing)


@router.get("/{recording_id}/video", response_class=FileResponse, responses={200: {"content": {"video/mp4": {}}}})
async def get_video(recording_id: str, user: Viewer, session: ReadSession, storage: StorageDep) -> FileResponse:
    """The original, for showing its picture beside the transcript. Range requests are supported. Only a recording
    with a `video_type` has it; the browser finds out whether there is a picture and whether it can decode it."""
    recording = await service.find(session, owner_id=user.id, recording_id=recording_id)
    if recording.video_type is None:
        raise OriginalRemoved if recording.original_removed_at is not None else NoVideo
    path = storage.original(recording)
    return _file(path, recording.video_type, "inline", f"{_stem(recording)}.{recording.extension}", InputMissing)


@router.get("/{recording_id}/original", response_class=FileResponse)
async def download_original(
    recording_id: str,
    user: Viewer,
    session: ReadSession,
    database: DatabaseDep,
    storage: StorageDep,
    part: Annotated[
        int, Query(ge=1, le=2**31 - 1, description="number of the file, if the recording consists of several")
    ] = 1,
) -> FileResponse:
    """The file exactly as it was uploaded."""
    recording = await service.find(session, owner_id=user.id, recording_id=recording_id)
    if recording.original_removed_at is not None:
        raise OriginalRemoved
    try:
        path = (await asyncio.to_thread(parts_of, storage, recording))[part - 1]
    except FileNotFoundError:
        raise InputMissing from None
    except IndexError:
        raise PartNotFound(f"The number of files of this recording is {recording.parts}.") from None
    await note_in_own_transaction(database, Action.EXPORTED, subject=recording_id, format="original", part=part)
    name, extension = recording.name, path.suffix.removeprefix(".")
    if recording.parts > 1:
        name = f"{_stem(recording)} ({part})"
    if extension != "bin" and extension_of(name) != extension:  # renamed without an extension
        name = f"{name}.{extension}"
    return _file(path, "application/octet-stream", "attachment", name, InputMissing)


@router.get(
    "/{recording_id}/peaks", response_class=FileResponse, responses={200: {"content": {"application/json": {}}}}
)
async def get_peaks(recording_id: str, user: Viewer, session: ReadSession, storage: StorageDep) -> FileResponse:
    """The waveform, for drawing: {"duration": seconds, "peaks": [0…1, …]}."""
    recording = await service.find(session, owner_id=user.id, recording_id=recording_id)
    missing = AudioRemoved if recording.audio_removed_at else AudioNotReady
    return _file(storage.peaks(recording.id), "application/json", "inline", "peaks.json", missing)


def content_disposition(kind: str, name: str) -> str:
    """The Content-Disposition header of RFC 6266: the real name, and an ASCII name for old programs."""
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
    return title_of(recording.name)
