"""A recording comes in and its job is queued, or nothing is kept; it goes out with all that was made of it."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from backend.accounts.access import Configured, CurrentUser, Reader, Stored, Uploader, Writing
from backend.crash import durable_step
from backend.database import new_id
from backend.jobs import queue, quotas, repeats
from backend.jobs.api import trash
from backend.jobs.api.access import REPLAYED, House, IdempotencyKey
from backend.jobs.api.taken import Taken, discard, take_in
from backend.jobs.options import MOST_HOTWORDS, MOST_SPEAKERS, Options, read_options
from backend.recordings import service
from backend.recordings.intake import receive
from backend.recordings.media import probe
from backend.recordings.patience import to_its_end

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
async def upload(
    request: Request,
    response: Response,
    user: Uploader,
    settings: Configured,
    database: Stored,
    house: House,
    idempotency_key: IdempotencyKey = None,
) -> Taken:
    """Answers when the recording is safely on disk and its job is queued. Codes: too_large, disk_full, queue_full,
    not_media, no_audio, too_long, empty_file, no_file, invalid_options, quota_minutes, quota_bytes, quota_jobs."""
    most_bytes = settings.max_upload_bytes
    if await repeats.find(database, owner_id=user.id, key=idempotency_key) is None:
        async with database.read() as session:
            await queue.check_room(session, house.limits)
            most_bytes = await quotas.room_for(session, user, settings, _length(request))
    recording_id = new_id()
    try:
        received = await receive(
            request.stream(),
            request.headers.get("content-type", ""),
            _length(request),
            storage=house.storage,
            recording_id=recording_id,
            max_bytes=most_bytes,
            reserve_bytes=settings.disk_reserve_bytes,
        )
        asked = ["recording", received.name, received.sha256, received.fields]
        async with house.repeats.turn(database, owner_id=user.id, key=idempotency_key, asked=asked) as turn:
            if turn.answer is not None:
                await house.storage.delete(recording_id)
                response.headers.update(REPLAYED)
                return Taken.model_validate(turn.answer)
            options = _options(received.fields)
            probed = await probe(received.path, max_seconds=settings.max_audio_hours * 3600)

            async def keep() -> Taken:
                with durable_step("recording.row"):
                    async with database.write() as session:
                        taken = await take_in(
                            session, house, settings, user, recording_id, received, probed.duration, options
                        )
                        await turn.remember(session, taken.model_dump(mode="json"))
                return taken

            return await to_its_end(keep())
    except BaseException:
        # Not acknowledged: nothing of it stays, whether the request was bad or the client went away.
        await to_its_end(discard(database, house.storage, recording_id))
        raise


@router.delete("/api/recordings/{recording_id}", status_code=204, summary="Put a recording in the trash")
async def delete(
    recording_id: str,
    session: Writing,
    user: CurrentUser,
    house: House,
    for_good: Annotated[bool, Query(description="at once, and not by way of the trash")] = False,
) -> None:
    """Running jobs are stopped. For good: rows, media, artifacts and mirrored transcripts go."""
    recording = await service.find(session, owner_id=user.id, recording_id=recording_id)
    await (trash.delete_for_good if for_good else trash.put_in)(session, house, recording)


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
