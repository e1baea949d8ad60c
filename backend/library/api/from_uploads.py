"""Creates one recording from complete uploads, in playing order."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts.dependencies import DatabaseDep, SettingsDep, Uploader
from backend.accounts.tables import User
from backend.crash_points import durable_step
from backend.database import Database, after_commit, new_id, utc_now
from backend.errors import AppError, InvalidInput
from backend.jobs import queue
from backend.jobs.api.dependencies import REPLAYED, IdempotencyKey, Services, ServicesDep
from backend.jobs.idempotency import IdempotentRequest
from backend.jobs.options import MAX_HOTWORDS, Options, read_options
from backend.library.create_recording import CreatedRecording, create_recording, discard_files, refuse_duplicate
from backend.recordings import uploads
from backend.recordings.api.dependencies import UploadReceiverDep
from backend.recordings.api.recordings import RecordingNote
from backend.recordings.files import clean_typed_name
from backend.recordings.media_errors import TooLong
from backend.recordings.parts import link_uploads
from backend.recordings.probe import probe
from backend.recordings.tables import Upload
from backend.recordings.timeouts import run_to_completion
from backend.recordings.upload_receiver import UploadReceiver
from backend.settings import Settings
from backend.speech.languages import AUTO

router = APIRouter(tags=["uploads"])

MAX_PARTS = 50
MAX_NOTES = 500


class FromUploadsRequest(BaseModel):
    """The uploads in playing order, and the options of the job."""

    model_config = ConfigDict(extra="forbid")

    uploads: Annotated[list[str], Field(min_length=1, max_length=MAX_PARTS)]
    name: str | None = Field(default=None, max_length=255, description="by default the name of the first upload")
    speakers: str | None = Field(default=None, max_length=16, description="Number of speakers: 3, 2-5, 2- or -5")
    hotwords: list[str] = Field(default_factory=list, max_length=MAX_HOTWORDS)
    language: str = Field(default=AUTO, description="Spoken language: zh, en, ja, …; auto: the engine finds out")
    transcriber: str | None = None
    diarizer: str | None = None
    polish: bool = False
    minutes: str | None = None
    notes: list[RecordingNote] = Field(
        default_factory=list, max_length=MAX_NOTES, description="marks and notes made while it was recorded"
    )
    allow_duplicate: bool = Field(default=False, description="even if you have a recording with this content")

    def options(self) -> Options:
        return read_options(
            speakers=self.speakers,
            hotwords=self.hotwords,
            language=self.language,
            transcriber=self.transcriber,
            diarizer=self.diarizer,
            polish="true" if self.polish else None,
            minutes=self.minutes,
        )


@router.post("/api/recordings/from-uploads", status_code=201, summary="Create a recording from uploads")
async def from_uploads(
    body: FromUploadsRequest,
    response: Response,
    user: Uploader,
    settings: SettingsDep,
    database: DatabaseDep,
    services: ServicesDep,
    upload_receiver: UploadReceiverDep,
    idempotency_key: IdempotencyKey = None,
) -> CreatedRecording:
    """On success the uploads are deleted; after any error they are still there. Codes: upload_not_found,
    upload_unfinished, duplicate_recording, and those of `POST /api/recordings`. An error about a file names its
    upload."""
    payload = ["from-uploads", body.model_dump(mode="json")]
    async with services.idempotency_keys.begin(
        database, owner_id=user.id, key=idempotency_key, payload=payload
    ) as idempotent:
        if idempotent.answer is not None:
            response.headers.update(REPLAYED)
            return CreatedRecording.model_validate(idempotent.answer)
        return await run_to_completion(_create(body, user, settings, database, services, upload_receiver, idempotent))


async def _create(
    body: FromUploadsRequest,
    user: User,
    settings: Settings,
    database: Database,
    services: Services,
    upload_receiver: UploadReceiver,
    idempotent: IdempotentRequest,
) -> CreatedRecording:
    if len(set(body.uploads)) < len(body.uploads):
        raise InvalidInput("An upload is listed twice.")
    options = body.options()
    async with database.read() as session:
        files = await uploads.find_complete(session, owner_id=user.id, ids=body.uploads, now=utc_now())
        await queue.check_capacity(session, services.limits)
    recording_id = new_id()
    try:
        received, paths = await asyncio.to_thread(link_uploads, services.storage, recording_id, files)
        if body.name and body.name.strip():
            received = replace(received, name=clean_typed_name(body.name))
        seconds = await _seconds(files, paths, settings.max_audio_hours * 3600)
        with durable_step("recording.row"):
            async with database.write() as session:
                if not body.allow_duplicate:
                    await refuse_duplicate(session, user.id, received.sha256)
                await uploads.remove(session, owner_id=user.id, ids=body.uploads)
                created = await create_recording(
                    session, services, settings, user, recording_id, received, seconds, options, notes=body.notes
                )
                await idempotent.store(session, created.model_dump(mode="json"))
                after_commit(session, lambda: services.background.start(upload_receiver.delete_files(body.uploads)))
    except BaseException:
        await discard_files(database, services.storage, recording_id)
        raise
    return created


async def _seconds(files: Sequence[Upload], paths: Sequence[Path], max_seconds: float) -> float:
    """The total duration. An error about one of the files names its upload."""
    seconds = 0.0
    for upload, path in zip(files, paths, strict=True):
        try:
            seconds += (await probe(path, max_seconds=max_seconds)).duration
            if seconds > max_seconds + 1:
                raise TooLong
        except AppError as error:
            error.facts |= {"upload": upload.id, "name": upload.name}
            raise
    return seconds
