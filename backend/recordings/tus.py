"""Parses the headers of tus 1.0.0 strictly: the result is a value or an AppError."""

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from backend.errors import AppError, InvalidInput

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,expiration,termination"
#: Name in `Upload-Checksum`: length of the digest in bytes.
ALGORITHMS = {"sha256": 32, "sha1": 20}
#: The content type of a chunk of an upload.
CHUNK = "application/offset+octet-stream"

_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_KEY = re.compile(r"[!-+\--~]+", re.ASCII)  # visible characters except the comma


class InvalidUpload(InvalidInput):
    code = "invalid_upload"
    detail = "A header of this upload is invalid."


class UnknownChecksum(AppError):
    status = 400
    code = "unknown_checksum"
    detail = "Upload-Checksum must be sha256 or sha1, a space, and the digest in Base64."


class UnsupportedVersion(AppError):
    status = 412
    code = "unsupported_version"
    detail = "This server supports tus 1.0.0; every request needs the header Tus-Resumable: 1.0.0."


class NotAChunk(AppError):
    status = 415
    code = "not_a_chunk"
    detail = f"A chunk of an upload must have the Content-Type {CHUNK}."


@dataclass(frozen=True, slots=True)
class Checksum:
    """The expected hash of a chunk."""

    algorithm: str
    digest: bytes


def check_version(text: str | None) -> None:
    if text != VERSION:
        raise UnsupportedVersion(headers={"Tus-Version": VERSION})


def check_chunk(content_type: str | None) -> None:
    if content_type != CHUNK:
        raise NotAChunk


def read_number(header: str, text: str | None) -> int:
    """Parse `Upload-Length`, `Upload-Offset` and `Content-Length`."""
    if text is None or not _NUMBER.fullmatch(text):
        raise InvalidUpload(f"{header} must be a whole number.")
    return int(text)


def read_metadata(text: str | None) -> dict[str, str]:
    """Parse `Upload-Metadata`: keys separated by commas, each with an optional value in Base64."""
    found: dict[str, str] = {}
    for pair in (text or "").split(",") if text else []:
        key, _, value = pair.strip(" ").partition(" ")
        if not _KEY.fullmatch(key) or key in found:
            raise InvalidUpload("Upload-Metadata must contain distinct keys with values in Base64.")
        found[key] = _decode_base64(value).decode("utf-8", "replace")
    return found


def read_checksum(text: str | None) -> Checksum | None:
    """Parse `Upload-Checksum`."""
    if text is None:
        return None
    algorithm, _, value = text.partition(" ")
    try:
        digest = _decode_base64(value)
    except InvalidUpload:
        raise UnknownChecksum from None
    if ALGORITHMS.get(algorithm) != len(digest):
        raise UnknownChecksum
    return Checksum(algorithm, digest)


def format_metadata(name: str) -> str:
    """The `Upload-Metadata` header of an upload with this name."""
    return f"filename {base64.b64encode(name.encode()).decode()}"


def http_date(moment: datetime) -> str:
    """A date in the format of `Upload-Expires`."""
    return format_datetime(moment, usegmt=True)


def _decode_base64(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidUpload("Upload-Metadata must contain distinct keys with values in Base64.") from None
