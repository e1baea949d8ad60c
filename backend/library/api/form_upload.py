"""Uploads a recording as one multipart form and queues its job. If anything fails, nothing is stored."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, TypeAdapter, ValidationError

from backend.accounts.dependencies import DatabaseDep, Reader, SettingsDep, Uploader
from backend.crash_points import durable_step
from backend.database import new_id
from backend.jobs import idempotency, queue, quotas
from backend.jobs.api.dependencies import REPLAYED, IdempotencyKey, ServicesDep
from backend.jobs.options import MAX_HOTWORDS, MAX_SPEAKERS, InvalidOptions, Options, read_options
from backend.library.create_recording import CreatedRecording, create_recording, discard_files, refuse_duplicate
from backend.recordings.multipart import receive_form
from backend.recordings.probe import probe
from backend.recordings.timeouts import run_to_completion

router = APIRouter(tags=["recordings"])

#: Routes that stream their body themselves, after the sender is authenticated.
STREAMED = frozenset({("POST", "/upload"), ("POST", "/api/recordings")})

_FLAG = TypeAdapter(bool)

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
                        "speakers": {"type": "string", "description": "Number of speakers: 3, 2-5, 2- or -5"},
                        "hotwords": {"type": "string", "description": "Names and terms, comma-separated; at most 50"},
                        "language": {
                            "type": "string",
                            "description": "Spoken language: zh, en, …; auto by default",
                        },
                        "transcriber": {"type": "string", "description": "Engine; by default the best installed one"},
                        "diarizer": {"type": "string", "description": "Engine; by default the best installed one"},
                        "polish": {"type": "boolean", "description": "Polish the transcript afterwards"},
                        "minutes": {"type": "string", "description": "Write minutes afterwards: the key of a template"},
                        "allow_duplicate": {
                            "type": "boolean",
                            "description": "Store it even if you have a recording with this content",
                        },
                    },
                }
            }
        },
    }
}


class UploadLimits(BaseModel):
    """The limits of a recording and its options, so that a client can check them before it sends one."""

    max_bytes: int
    max_seconds: float
    max_hotwords: int
    max_speakers: int


@router.get("/api/limits", summary="How large and how long a recording may be")
async def limits(_user: Reader, settings: SettingsDep) -> UploadLimits:
    return UploadLimits(
        max_bytes=settings.max_upload_bytes,
        max_seconds=settings.max_audio_hours * 3600,
        max_hotwords=MAX_HOTWORDS,
        max_speakers=MAX_SPEAKERS,
    )


# The route reads the body itself: FastAPI would read all of it before it authenticates the sender.
@router.post("/upload", status_code=201, openapi_extra=_BODY, summary="Send a recording (short path)")
@router.post("/api/recordings", status_code=201, openapi_extra=_BODY, summary="Send a recording and queue its job")
async def upload(
    request: Request,
    response: Response,
    user: Uploader,
    settings: SettingsDep,
    database: DatabaseDep,
    services: ServicesDep,
    idempotency_key: IdempotencyKey = None,
) -> CreatedRecording:
    """Answers when the recording is safely on the disk and its job is queued. Codes: too_large, disk_full, queue_full,
    not_media, no_audio, too_long, empty_file, no_file, duplicate_recording, invalid_options, quota_minutes,
    quota_bytes, quota_jobs."""
    max_bytes = settings.max_upload_bytes
    if await idempotency.find_record(database, owner_id=user.id, key=idempotency_key) is None:
        async with database.read() as session:
            await queue.check_capacity(session, services.limits)
            max_bytes = await quotas.allowed_upload_bytes(session, user, settings, _content_length(request))
    recording_id = new_id()
    try:
        received = await receive_form(
            request.stream(),
            request.headers.get("content-type", ""),
            _content_length(request),
            storage=services.storage,
            recording_id=recording_id,
            max_bytes=max_bytes,
            reserve_bytes=settings.disk_reserve_bytes,
        )
        payload = ["recording", received.name, received.sha256, received.fields]
        async with services.idempotency_keys.begin(
            database, owner_id=user.id, key=idempotency_key, payload=payload
        ) as idempotent:
            if idempotent.answer is not None:
                await services.storage.delete(recording_id)
                response.headers.update(REPLAYED)
                return CreatedRecording.model_validate(idempotent.answer)
            options = _options(received.fields)
            allow_duplicate = _flag(received.fields, "allow_duplicate")
            probed = await probe(received.path, max_seconds=settings.max_audio_hours * 3600)

            async def store() -> CreatedRecording:
                with durable_step("recording.row"):
                    async with database.write() as session:
                        if not allow_duplicate:
                            await refuse_duplicate(session, user.id, received.sha256)
                        created = await create_recording(
                            session, services, settings, user, recording_id, received, probed.duration, options
                        )
                        await idempotent.store(session, created.model_dump(mode="json"))
                return created

            return await run_to_completion(store())
    except BaseException:
        # It was not acknowledged, so nothing of it is kept, whether the request was invalid or the client disconnected.
        await run_to_completion(discard_files(database, services.storage, recording_id))
        raise


def _content_length(request: Request) -> int | None:
    length = request.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() else None


def _flag(fields: dict[str, list[str]], name: str) -> bool:
    """A yes or no of the form, as JSON and HTML write it; no if it is not there."""
    try:
        return _FLAG.validate_python(next(iter(fields.get(name, [])), False))
    except ValidationError:
        raise InvalidOptions(f"{name}: write true or false") from None


def _options(fields: dict[str, list[str]]) -> Options:
    def first(name: str) -> str | None:
        return next(iter(fields.get(name, [])), None)

    return read_options(
        speakers=first("speakers"),
        hotwords=fields.get("hotwords"),
        language=first("language"),
        transcriber=first("transcriber"),
        diarizer=first("diarizer"),
        polish=first("polish"),
        minutes=first("minutes"),
    )
