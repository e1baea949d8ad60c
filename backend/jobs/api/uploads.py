"""Uploads over tus 1.0.0: announced, sent in pieces of any size, gone on with after whatever happened."""

import asyncio
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import ClientDisconnect

from backend.accounts import tokens
from backend.accounts.access import UPLOAD_TOKEN, Configured, Sender, Starter, Stored, Uploader
from backend.crash import durable_step
from backend.database import after_commit, utc_now
from backend.jobs import quotas
from backend.jobs.api.access import House
from backend.recordings import tus, uploads
from backend.recordings.intake import EmptyFile, TooLarge
from backend.recordings.tables import Upload
from backend.recordings.uploads import UploadNotFound

router = APIRouter(prefix="/api/uploads", tags=["uploads"])

#: Routes that read their body themselves, after they know who sends it.
STREAMED = frozenset({("POST", "/api/uploads"), ("PATCH", "/api/uploads/")})

_CHUNK = {"requestBody": {"content": {tus.CHUNK: {"schema": {"type": "string", "format": "binary"}}}}}

Version = Annotated[str | None, Header(alias="Tus-Resumable", description="1.0.0")]
Length = Annotated[str | None, Header(alias="Upload-Length", description="Bytes of the file")]
Offset = Annotated[str | None, Header(alias="Upload-Offset", description="Where this piece goes")]
Metadata = Annotated[str | None, Header(alias="Upload-Metadata", description="filename, and its name in Base64")]
Sum = Annotated[
    str | None, Header(alias="Upload-Checksum", description="sha256 or sha1, and the digest of the piece in Base64")
]


class UploadOut(BaseModel):
    """A file on its way."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    size: int = Field(description="bytes announced")
    received: int = Field(description="bytes that are safe")
    sha256: str | None = Field(description="of the file, once it is whole")
    created_at: datetime
    expires_at: datetime = Field(description="when it is deleted, unless somebody goes on with it")


class UploadsOut(BaseModel):
    items: list[UploadOut]


@router.options("", status_code=204, summary="What this server can do of tus")
async def abilities(settings: Configured) -> Response:
    headers = {
        "Tus-Version": tus.VERSION,
        "Tus-Extension": tus.EXTENSIONS,
        "Tus-Max-Size": str(settings.max_upload_bytes),
        "Tus-Checksum-Algorithm": ",".join(tus.ALGORITHMS),
    }
    return Response(status_code=204, headers=headers)


@router.post("", status_code=201, response_class=Response, openapi_extra=_CHUNK, summary="Begin an upload")
async def begin(
    request: Request,
    caller: Starter,
    settings: Configured,
    database: Stored,
    house: House,
    tus_resumable: Version = None,
    upload_length: Length = None,
    upload_metadata: Metadata = None,
    upload_checksum: Sum = None,
) -> Response:
    """`Location` is where its pieces go. A body, if there is one, is the first of them."""
    tus.check_version(tus_resumable)
    size = tus.read_number("Upload-Length", upload_length)
    name = tus.read_metadata(upload_metadata).get("filename", "")
    if size == 0:
        raise EmptyFile
    if size > settings.max_upload_bytes:
        raise TooLarge
    checksum = tus.read_checksum(upload_checksum)
    sends = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    if sends:
        tus.check_chunk(request.headers.get("content-type"))
    await asyncio.to_thread(house.storage.check_room, size, settings.disk_reserve_bytes)
    now = utc_now()
    with durable_step("upload.row"):
        async with database.write() as session:
            await quotas.check_upload(session, caller.user, settings, size)
            upload = await uploads.create(
                session, owner_id=caller.user.id, name=name, size=size, now=now, life=house.dock.life
            )
    if sends:
        upload = await _fill(request, database, house, upload, 0, checksum)
    headers = {"Location": f"/api/uploads/{upload.id}", **_place(upload)}
    if caller.by_ticket and caller.login is not None:
        # It lives as long as the upload would if nothing more came; the login's end is its end too.
        life = timedelta(hours=settings.upload_hours)
        headers[UPLOAD_TOKEN] = tokens.issue(settings, caller.login, now, tokens.upload(upload.id), life)
    return Response(status_code=201, headers=headers)


@router.get("", summary="My uploads, the oldest first")
async def my_uploads(user: Uploader, database: Stored) -> UploadsOut:
    """What can be gone on with, or be made into a recording."""
    async with database.read() as session:
        rows = await uploads.mine(session, owner_id=user.id, now=utc_now())
    return UploadsOut(items=[UploadOut.model_validate(row) for row in rows])


@router.get("/{upload_id}", summary="One upload, as JSON")
async def one_upload(upload_id: str, user: Sender, database: Stored) -> UploadOut:
    """Unlike HEAD it leaves whoever is sending alone."""
    async with database.read() as session:
        upload = await uploads.find(session, owner_id=user.id, upload_id=upload_id, now=utc_now())
    return UploadOut.model_validate(upload)


@router.head("/{upload_id}", response_class=Response, summary="How far an upload is")
async def offset(
    upload_id: str, user: Sender, database: Stored, house: House, tus_resumable: Version = None
) -> Response:
    """A request that is still sending a piece is ended, and what came of it kept: its line may be dead."""
    await _known(database, user.id, upload_id)
    tus.check_version(tus_resumable)
    await house.dock.settle(upload_id)
    upload = await _known(database, user.id, upload_id)
    headers = {"Upload-Length": str(upload.size), "Upload-Metadata": tus.metadata(upload.name), **_place(upload)}
    return Response(headers=headers)


@router.patch(
    "/{upload_id}", status_code=204, response_class=Response, openapi_extra=_CHUNK, summary="Send a piece of an upload"
)
async def send(
    upload_id: str,
    request: Request,
    user: Sender,
    database: Stored,
    house: House,
    tus_resumable: Version = None,
    upload_offset: Offset = None,
    upload_checksum: Sum = None,
) -> Response:
    """Answered when the piece is safe. Codes: wrong_offset, upload_busy, upload_interrupted, checksum_mismatch,
    unknown_checksum, not_a_chunk, too_large, upload_stalled, disk_full."""
    upload = await _known(database, user.id, upload_id)
    tus.check_version(tus_resumable)
    tus.check_chunk(request.headers.get("content-type"))
    start = tus.read_number("Upload-Offset", upload_offset)
    upload = await _fill(request, database, house, upload, start, tus.read_checksum(upload_checksum))
    return Response(status_code=204, headers=_place(upload))


@router.delete("/{upload_id}", status_code=204, response_class=Response, summary="Give an upload up")
async def give_up(
    upload_id: str, user: Sender, database: Stored, house: House, tus_resumable: Version = None
) -> Response:
    await _known(database, user.id, upload_id)
    tus.check_version(tus_resumable)
    await house.dock.settle(upload_id)
    async with database.write() as session:
        await uploads.remove(session, owner_id=user.id, ids=[upload_id])
        after_commit(session, lambda: house.later(house.dock.clear([upload_id])))
    return Response(status_code=204)


async def _known(database: Stored, owner_id: str, upload_id: str) -> Upload:
    async with database.read() as session:
        return await uploads.find(session, owner_id=owner_id, upload_id=upload_id, now=utc_now())


async def _fill(
    request: Request, database: Stored, house: House, upload: Upload, start: int, checksum: tus.Checksum | None
) -> Upload:
    length = request.headers.get("content-length")
    try:
        return await house.dock.fill(
            database,
            owner_id=upload.owner_id,
            upload_id=upload.id,
            offset=start,
            length=tus.read_number("Content-Length", length) if length is not None else None,
            checksum=checksum,
            stream=request.stream(),
        )
    except ClientDisconnect:
        raise UploadNotFound from None  # nobody hears it: what came is kept, and asked for later


def _place(upload: Upload) -> dict[str, str]:
    return {"Upload-Offset": str(upload.received), "Upload-Expires": tus.http_date(upload.expires_at)}
