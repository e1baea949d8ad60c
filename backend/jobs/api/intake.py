"""A recording comes in and its job is queued, or nothing is kept; it goes out with all that was made of it."""

from fastapi import APIRouter, Request
from pydantic import BaseModel

from backend.accounts.access import Configured, CurrentUser, Reader, Uploader, Writing
from backend.accounts.audit import Action, note
from backend.database import Database, after_commit, new_id
from backend.jobs import queue, quotas
from backend.jobs.api.access import House
from backend.jobs.herald import gone
from backend.jobs.options import MOST_HOTWORDS, MOST_SPEAKERS, Options, read_options
from backend.jobs.state import JobState, state
from backend.recordings import service
from backend.recordings.api import RecordingOut
from backend.recordings.intake import receive
from backend.recordings.media import probe

router = APIRouter(tags=["recordings"])

#: Routes that read their body themselves, after they know who sends it.
STREAMED = frozenset({("POST", "/upload"), ("POST", "/api/recordings")})

_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary", "description": "Audio or video"},
                        "speakers": {"type": "string", "description": "How many people speak: 3, 2-5, 2- or -5"},
                        "hotwords": {"type": "string", "description": "Names and terms, parted by commas; 50 at most"},
                        "transcriber": {"type": "string", "description": "Engine; the best installed by default"},
                        "diarizer": {"type": "string", "description": "Engine; the best installed by default"},
                        "polish": {"type": "boolean", "description": "Polish the transcript afterwards"},
                        "minutes": {"type": "string", "description": "Write minutes afterwards: a template's key"},
                    },
                }
            }
        },
    }
}


class Taken(BaseModel):
    """The recording that was stored, and the job that was queued for it."""

    recording: RecordingOut
    job: JobState


class IntakeLimits(BaseModel):
    """What a recording and its options may be, so that people can be told before they send one."""

    max_bytes: int
    max_seconds: float
    max_hotwords: int
    max_speakers: int


@router.get("/api/limits", summary="How large and how long a recording may be")
async def limits(_user: Reader, settings: Configured) -> IntakeLimits:
    return IntakeLimits(
        max_bytes=settings.max_upload_bytes,
        max_seconds=settings.max_audio_hours * 3600,
        max_hotwords=MOST_HOTWORDS,
        max_speakers=MOST_SPEAKERS,
    )


# The body is read by the route itself: FastAPI would swallow all of it before it asks who is there.
@router.post("/upload", status_code=201, openapi_extra=_BODY, summary="Send a recording (the short address)")
@router.post("/api/recordings", status_code=201, openapi_extra=_BODY, summary="Send a recording and queue its job")
async def upload(request: Request, user: Uploader, settings: Configured, house: House) -> Taken:
    """Answers when the recording is safely on disk and its job is queued. Codes: too_large, disk_full, queue_full,
    not_media, no_audio, too_long, empty_file, no_file, invalid_options, quota_minutes, quota_bytes, quota_jobs."""
    database: Database = request.app.state.database
    async with database.read() as session:
        await queue.check_room(session, house.limits)
        length = _length(request)
        most_bytes = await quotas.room_for(session, user, settings, length)
    recording_id = new_id()
    try:
        received = await receive(
            request.stream(),
            request.headers.get("content-type", ""),
            length,
            storage=house.storage,
            recording_id=recording_id,
            max_bytes=most_bytes,
            reserve_bytes=settings.disk_reserve_bytes,
        )
        options = _options(received.fields)
        probed = await probe(received.path, max_seconds=settings.max_audio_hours * 3600)
        async with database.write() as session:
            recording = await service.create(session, owner_id=user.id, recording_id=recording_id, received=received)
            recording.duration = probed.duration
            job = await queue.add(
                session,
                owner_id=user.id,
                recording_id=recording_id,
                options=options.model_dump(mode="json", exclude_defaults=True),
                limits=house.limits,
            )
            await quotas.charge(session, user, settings, probed.duration or 0.0)
            after_commit(session, house.runner.wake)
            after_commit(session, lambda: house.herald.changed(job.id))
            queued = await state(session, job, house.limits)
    except BaseException:
        # Not acknowledged: nothing of it stays, whether the request was bad or the client went away.
        await house.storage.delete(recording_id)
        raise
    return Taken(recording=RecordingOut.model_validate(recording), job=queued)


@router.delete("/api/recordings/{recording_id}", status_code=204, summary="Delete a recording and all made of it")
async def delete(recording_id: str, session: Writing, user: CurrentUser, house: House) -> None:
    """Running jobs are stopped; rows, media, artifacts and mirrored transcripts go."""
    jobs = [job.id for job in await queue.of_recording(session, owner_id=user.id, recording_id=recording_id)]
    await service.delete(session, owner_id=user.id, recording_id=recording_id)
    note(session, Action.RECORDING_DELETED, subject=recording_id)

    def clear() -> None:
        for job in jobs:
            house.bus.publish(gone(user.id, job))
        house.later(_clear(house, recording_id, jobs))

    after_commit(session, clear)


async def _clear(house: House, recording_id: str, jobs: list[str]) -> None:
    await house.runner.drop(jobs)
    await house.storage.delete(recording_id)


def _length(request: Request) -> int | None:
    length = request.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() else None


def _options(fields: dict[str, list[str]]) -> Options:
    def first(name: str) -> str | None:
        return next(iter(fields.get(name, [])), None)

    return read_options(
        speakers=first("speakers"),
        hotwords=fields.get("hotwords"),
        transcriber=first("transcriber"),
        diarizer=first("diarizer"),
        polish=first("polish"),
        minutes=first("minutes"),
    )
