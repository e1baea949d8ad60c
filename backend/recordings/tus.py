"""The headers of tus 1.0.0, read strictly: whatever somebody sends is a value or an AppError."""

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from backend.errors import AppError, InvalidInput

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,expiration,termination"
#: Name in `Upload-Checksum`: bytes of a digest.
ALGORITHMS = {"sha256": 32, "sha1": 20}
#: The type of a body that is a piece of an upload.
CHUNK = "application/offset+octet-stream"

_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_KEY = re.compile(r"[!-+\--~]+", re.ASCII)  # what can be seen, but for the comma


class InvalidUpload(InvalidInput):
    code = "invalid_upload"
    detail = "A header of this upload cannot be used."


class UnknownChecksum(AppError):
    status = 400
    code = "unknown_checksum"
    detail = "Upload-Checksum must be sha256 or sha1, a space, and the digest in Base64."


class UnsupportedVersion(AppError):
    status = 412
    code = "unsupported_version"
    detail = "This server speaks tus 1.0.0; every request needs the header Tus-Resumable: 1.0.0."


class NotAChunk(AppError):
    status = 415
    code = "not_a_chunk"
    detail = f"A piece of an upload has the Content-Type {CHUNK}."


@dataclass(frozen=True, slots=True)
class Checksum:
    """What a piece must hash to."""

    algorithm: str
    digest: bytes


def check_version(text: str | None) -> None:
    if text != VERSION:
        raise UnsupportedVersion(headers={"Tus-Version": VERSION})


def check_chunk(content_type: str | None) -> None:
    if content_type != CHUNK:
        raise NotAChunk


def read_number(header: str, text: str | None) -> int:
    """Of `Upload-Length` and `Upload-Offset`."""
    if text is None or not _NUMBER.fullmatch(text):
        raise InvalidUpload(f"{header} must be a whole number.")
    return int(text)


def read_metadata(text: str | None) -> dict[str, str]:
    """Of `Upload-Metadata`: keys, each with its value in Base64 or none, parted by commas."""
    found: dict[str, str] = {}
    for pair in (text or "").split(",") if text else []:
        key, _, value = pair.strip(" ").partition(" ")
        if not _KEY.fullmatch(key) or key in found:
            raise InvalidUpload("Upload-Metadata must be keys, each once, with values in Base64.")
        found[key] = _decoded(value).decode("utf-8", "replace")
    return found


def read_checksum(text: str | None) -> Checksum | None:
    """Of `Upload-Checksum`."""
    if text is None:
        return None
    algorithm, _, value = text.partition(" ")
    try:
        digest = _decoded(value)
    except InvalidUpload:
        raise UnknownChecksum from None
    if ALGORITHMS.get(algorithm) != len(digest):
        raise UnknownChecksum
    return Checksum(algorithm, digest)


def metadata(name: str) -> str:
    """`Upload-Metadata` of an upload with this name."""
    return f"filename {base64.b64encode(name.encode()).decode()}"


def http_date(moment: datetime) -> str:
    """`Upload-Expires`."""
    return format_datetime(moment, usegmt=True)


def _decoded(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidUpload("Upload-Metadata must be keys, each once, with values in Base64.") from None
