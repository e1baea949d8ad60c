"""Resumable uploads with tus 1.0.0: they are created, sent in chunks of any size, and continued after any failure."""

import asyncio
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import ClientDisconnect

from backend.accounts import tokens
from backend.accounts.dependencies import (
    UPLOAD_TOKEN,
    DatabaseDep,
    SettingsDep,
    UploadCreator,
    Uploader,
    UploadSender,
    clock_of,
)
from backend.crash_points import durable_step
from backend.database import Database, after_commit, utc_now
from backend.path_prefix import prefix_of
from backend.recordings import tus, uploads
from backend.recordings.api.dependencies import BackgroundTasksDep, CheckUploadQuotaDep, StorageDep, UploadReceiverDep
from backend.recordings.multipart import EmptyFile, TooLarge
from backend.recordings.tables import Upload
from backend.recordings.upload_receiver import UploadReceiver
from backend.recordings.uploads import UploadNotFound

router = APIRouter(prefix="/api/uploads", tags=["uploads"])

#: Routes that stream their body themselves, after the sender is authenticated.
STREAMED = frozenset({("POST", "/api/uploads"), ("PATCH", "/api/uploads/")})

_CHUNK_BODY = {"requestBody": {"content": {tus.CHUNK: {"schema": {"type": "string", "format": "binary"}}}}}

Version = Annotated[str | None, Header(alias="Tus-Resumable", description="1.0.0")]
Length = Annotated[str | None, Header(alias="Upload-Length", description="Size of the file in bytes")]
Offset = Annotated[str | None, Header(alias="Upload-Offset", description="Offset of this chunk")]
Metadata = Annotated[str | None, Header(alias="Upload-Metadata", description="filename, then the name in Base64")]
Sum = Annotated[
    str | None,
    Header(alias="Upload-Checksum", description="sha256 or sha1, then the digest of the chunk in Base64"),
]


class UploadOut(BaseModel):
    """An unfinished upload."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    size: int = Field(description="size of the file in bytes")
    received: int = Field(description="bytes that are safely stored")
    sha256: str | None = Field(description="of the complete file; null until then")
    created_at: datetime
    expires_at: datetime = Field(description="when it is deleted, unless it is continued")


class UploadsOut(BaseModel):
    items: list[UploadOut]


@router.options("", status_code=204, summary="The tus features of this server")
async def get_capabilities(settings: SettingsDep) -> Response:
    headers = {
        "Tus-Version": tus.VERSION,
        "Tus-Extension": tus.EXTENSIONS,
        "Tus-Max-Size": str(settings.max_upload_bytes),
        "Tus-Checksum-Algorithm": ",".join(tus.ALGORITHMS),
    }
    return Response(status_code=204, headers=headers)


@router.post("", status_code=201, response_class=Response, openapi_extra=_CHUNK_BODY, summary="Create an upload")
async def create_upload(
    request: Request,
    caller: UploadCreator,
    settings: SettingsDep,
    database: DatabaseDep,
    storage: StorageDep,
    receiver: UploadReceiverDep,
    check_quota: CheckUploadQuotaDep,
    tus_resumable: Version = None,
    upload_length: Length = None,
    upload_metadata: Metadata = None,
    upload_checksum: Sum = None,
) -> Response:
    """Its chunks go to `Location`. A body, if there is one, is the first chunk."""
    tus.check_version(tus_resumable)
    size = tus.read_number("Upload-Length", upload_length)
    name = tus.read_metadata(upload_metadata).get("filename", "")
    if size == 0:
        raise EmptyFile
    if size > settings.max_upload_bytes:
        raise TooLarge
    checksum = tus.read_checksum(upload_checksum)
    has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    if has_body:
        tus.check_chunk(request.headers.get("content-type"))
    await asyncio.to_thread(storage.check_free_space, size, settings.disk_reserve_bytes)
    now = utc_now()
    with durable_step("upload.row"):
        async with database.write() as session:
            await check_quota(session, caller.user, settings, size)
            upload = await uploads.create(
                session, owner_id=caller.user.id, name=name, size=size, now=now, lifetime=receiver.lifetime
            )
    if has_body:
        upload = await _receive(request, database, receiver, upload, 0, checksum)
    headers = {"Location": f"{prefix_of(request.scope)}/api/uploads/{upload.id}", **_offset_headers(upload)}
    if caller.by_ticket and caller.login is not None:
        # The token expires with the upload if nothing more arrives, and ends together with the login.
        lifetime = timedelta(hours=settings.upload_hours)
        kind = tokens.upload_kind(upload.id)
        headers[UPLOAD_TOKEN] = tokens.issue(settings, caller.login, clock_of(request).now(), kind, lifetime)
    return Response(status_code=201, headers=headers)


@router.get("", summary="My uploads, oldest first")
async def list_uploads(user: Uploader, database: DatabaseDep) -> UploadsOut:
    """Uploads that can be continued or be made into a recording."""
    async with database.read() as session:
        rows = await uploads.list_open(session, owner_id=user.id, now=utc_now())
    return UploadsOut(items=[UploadOut.model_validate(row) for row in rows])


@router.get("/{upload_id}", summary="One upload, as JSON")
async def get_upload(upload_id: str, user: UploadSender, database: DatabaseDep) -> UploadOut:
    """Unlike HEAD this does not interrupt a request that is sending."""
    async with database.read() as session:
        upload = await uploads.find(session, owner_id=user.id, upload_id=upload_id, now=utc_now())
    return UploadOut.model_validate(upload)


@router.head("/{upload_id}", response_class=Response, summary="The offset of an upload")
async def get_offset(
    upload_id: str,
    user: UploadSender,
    database: DatabaseDep,
    receiver: UploadReceiverDep,
    tus_resumable: Version = None,
) -> Response:
    """A request that is still sending a chunk, to any server, is ended and its bytes are stored: its connection may be
    dead. Code: upload_busy."""
    await _find(database, user.id, upload_id)
    tus.check_version(tus_resumable)
    await receiver.interrupt_everywhere(database, upload_id)
    upload = await _find(database, user.id, upload_id)
    headers = {
        "Upload-Length": str(upload.size),
        "Upload-Metadata": tus.format_metadata(upload.name),
        **_offset_headers(upload),
    }
    return Response(headers=headers)


@router.patch(
    "/{upload_id}",
    status_code=204,
    response_class=Response,
    openapi_extra=_CHUNK_BODY,
    summary="Send a chunk of an upload",
)
async def receive_chunk(
    upload_id: str,
    request: Request,
    user: UploadSender,
    database: DatabaseDep,
    receiver: UploadReceiverDep,
    tus_resumable: Version = None,
    upload_offset: Offset = None,
    upload_checksum: Sum = None,
) -> Response:
    """Answers when the chunk is safely stored. Codes: wrong_offset, upload_busy, upload_interrupted, checksum_mismatch,
    unknown_checksum, not_a_chunk, too_large, upload_stalled, disk_full."""
    upload = await _find(database, user.id, upload_id)
    tus.check_version(tus_resumable)
    tus.check_chunk(request.headers.get("content-type"))
    start = tus.read_number("Upload-Offset", upload_offset)
    upload = await _receive(request, database, receiver, upload, start, tus.read_checksum(upload_checksum))
    return Response(status_code=204, headers=_offset_headers(upload))


@router.delete("/{upload_id}", status_code=204, response_class=Response, summary="Delete an upload")
async def delete_upload(
    upload_id: str,
    user: UploadSender,
    database: DatabaseDep,
    receiver: UploadReceiverDep,
    background: BackgroundTasksDep,
    tus_resumable: Version = None,
) -> Response:
    await _find(database, user.id, upload_id)
    tus.check_version(tus_resumable)
    await receiver.interrupt(upload_id)
    async with database.write() as session:
        await uploads.remove(session, owner_id=user.id, ids=[upload_id])
        after_commit(session, lambda: background.start(receiver.delete_files([upload_id])))
    return Response(status_code=204)


async def _find(database: Database, owner_id: str, upload_id: str) -> Upload:
    async with database.read() as session:
        return await uploads.find(session, owner_id=owner_id, upload_id=upload_id, now=utc_now())


async def _receive(
    request: Request,
    database: Database,
    receiver: UploadReceiver,
    upload: Upload,
    start: int,
    checksum: tus.Checksum | None,
) -> Upload:
    length = request.headers.get("content-length")
    try:
        return await receiver.receive(
            database,
            owner_id=upload.owner_id,
            upload_id=upload.id,
            offset=start,
            length=tus.read_number("Content-Length", length) if length is not None else None,
            checksum=checksum,
            stream=request.stream(),
        )
    except ClientDisconnect:
        raise UploadNotFound from None  # no client reads this; the bytes are stored and can be continued


def _offset_headers(upload: Upload) -> dict[str, str]:
    return {"Upload-Offset": str(upload.received), "Upload-Expires": tus.http_date(upload.expires_at)}
