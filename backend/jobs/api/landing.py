"""Uploads that have come whole become one recording, in the order in which they are to be heard."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from backend.accounts.access import Configured, Stored, Uploader
from backend.accounts.tables import User
from backend.crash import durable_step
from backend.database import Database, after_commit, new_id, utc_now
from backend.errors import AppError, Conflict, InvalidInput
from backend.jobs import queue
from backend.jobs.api.access import REPLAYED, House, IdempotencyKey, TheHouse
from backend.jobs.api.taken import Taken, discard, take_in
from backend.jobs.options import MOST_HOTWORDS, Options, read_options
from backend.jobs.repeats import Turn
from backend.recordings import service, uploads
from backend.recordings.files import clean_name
from backend.recordings.media import probe
from backend.recordings.parts import land
from backend.recordings.patience import to_its_end
from backend.recordings.refusals import TooLong
from backend.recordings.tables import Recording, Upload
from backend.settings import Settings

router = APIRouter(tags=["uploads"])

MOST_PARTS = 50


class DuplicateRecording(Conflict):
    code = "duplicate_recording"
    detail = "You have a recording with this very content. Open that one, or ask for a second one."


class NewRecording(BaseModel):
    """The uploads in the order in which they are heard, and the options of the job."""

    model_config = ConfigDict(extra="forbid")

    uploads: Annotated[list[str], Field(min_length=1, max_length=MOST_PARTS)]
    name: str | None = Field(default=None, max_length=255, description="that of the first upload, if there is none")
    speakers: str | None = Field(default=None, max_length=16, description="How many people speak: 3, 2-5, 2- or -5")
    hotwords: list[str] = Field(default_factory=list, max_length=MOST_HOTWORDS)
    transcriber: str | None = None
    diarizer: str | None = None
    polish: bool = False
    minutes: str | None = None
    allow_duplicate: bool = Field(default=False, description="also where you have a recording with this content")

    def options(self) -> Options:
        return read_options(
            speakers=self.speakers,
            hotwords=self.hotwords,
            transcriber=self.transcriber,
            diarizer=self.diarizer,
            polish="true" if self.polish else None,
            minutes=self.minutes,
        )


@router.post("/api/recordings/from-uploads", status_code=201, summary="Make one recording of uploads")
async def from_uploads(
    asked: NewRecording,
    response: Response,
    user: Uploader,
    settings: Configured,
    database: Stored,
    house: House,
    idempotency_key: IdempotencyKey = None,
) -> Taken:
    """The uploads are gone then; after any error they are still there. Codes: upload_not_found, upload_unfinished,
    duplicate_recording, and those of `POST /api/recordings`; what is wrong with a file names its upload."""
    request = ["from-uploads", asked.model_dump(mode="json")]
    async with house.repeats.turn(database, owner_id=user.id, key=idempotency_key, asked=request) as turn:
        if turn.answer is not None:
            response.headers.update(REPLAYED)
            return Taken.model_validate(turn.answer)
        return await to_its_end(_make(asked, user, settings, database, house, turn))


async def _make(
    asked: NewRecording, user: User, settings: Settings, database: Database, house: TheHouse, turn: Turn
) -> Taken:
    if len(set(asked.uploads)) < len(asked.uploads):
        raise InvalidInput("An upload is named twice.")
    options = asked.options()
    async with database.read() as session:
        files = await uploads.find_whole(session, owner_id=user.id, ids=asked.uploads, now=utc_now())
        await queue.check_room(session, house.limits)
    recording_id = new_id()
    try:
        received, paths = await asyncio.to_thread(land, house.storage, recording_id, files)
        if asked.name and asked.name.strip():
            received = replace(received, name=clean_name(asked.name))
        seconds = await _seconds(files, paths, settings.max_audio_hours * 3600)
        with durable_step("recording.row"):
            async with database.write() as session:
                if not asked.allow_duplicate:
                    _refuse(await service.same(session, owner_id=user.id, sha256=received.sha256))
                await uploads.remove(session, owner_id=user.id, ids=asked.uploads)
                taken = await take_in(session, house, settings, user, recording_id, received, seconds, options)
                await turn.remember(session, taken.model_dump(mode="json"))
                after_commit(session, lambda: house.later(house.dock.clear(asked.uploads)))
    except BaseException:
        await discard(database, house.storage, recording_id)
        raise
    return taken


async def _seconds(files: Sequence[Upload], paths: Sequence[Path], max_seconds: float) -> float:
    """How long the parts are together. What is wrong with one of them is told with its name."""
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


def _refuse(recording: Recording | None) -> None:
    if recording is not None:
        same = {"id": recording.id, "name": recording.name, "created_at": recording.created_at.isoformat()}
        raise DuplicateRecording(recording=same)
