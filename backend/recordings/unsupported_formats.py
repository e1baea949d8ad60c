"""Names the audio formats that this server does not read, with the way to one that it reads.

A file is recognised by its content: names of files are not to be trusted, and often have lost their extension."""

import asyncio
import re
from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from backend.errors import AppError
from backend.recordings.media_errors import NoAudio, NotMedia, UnsupportedAudio

P = ParamSpec("P")
T = TypeVar("T")

_HEAD_BYTES = 64 * 1024
_MAX_INDEX_BYTES = 64 * 1024**2
_COMMAND = "ffmpeg -i FILE recording.m4a"


class ConvertibleFormat(UnsupportedAudio):
    code = "convertible_format"


class ProprietaryFormat(UnsupportedAudio):
    code = "proprietary_format"


class ProtectedAudio(UnsupportedAudio):
    code = "protected_audio"


class NotesOnly(UnsupportedAudio):
    code = "notes_only"


#: What a full FFmpeg converts, by the bytes at the beginning of the file; a dot stands for any byte.
_CONVERTIBLE = {
    "QCELP (.qcp)": rb"RIFF....QLCM",
    "RealAudio (.ra, .rm)": rb"\.ra\xfd|\.RMF",
    "DSD (.dsf, .dff)": rb"DSD \x1c|FRM8.{8}DSD ",
    "Musepack (.mpc)": rb"MPCK|MP\+",
    "Shorten (.shn)": rb"ajkg",
    "Creative Voice (.voc)": rb"Creative Voice File\x1a",
    "NIST SPHERE (.sph)": rb"NIST_1A",
    "ATRAC (.oma, .aa3)": rb"ea3\x03|EA3[\x01\x02]",
    "TwinVQ (.vqf)": rb"TWIN97012000",
    "DTS (.dts)": rb"\x7f\xfe\x80\x01|\xfe\x7f\x01\x80",
    "Dolby TrueHD (.thd)": rb"....\xf8\x72\x6f\xba",
    "LATM (.latm)": rb"\x56[\xe0-\xff].{1,2000}\x56[\xe0-\xff]",
    "MXF (.mxf)": rb"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02",
    "Windows Recorded TV (.wtv)": rb"\xb7\xd8\x00\x20\x37\x49\xda\x11",
    "IRCAM (.sf)": rb"\x64\xa3[\x01-\x04]\x00|\x00[\x01-\x04]\xa3\x64",
}

#: What no free program reads, and the program that exports it.
_PROPRIETARY = {
    "Olympus DSS Pro (.ds2)": (rb"[\x01-\x07]ds2", "Olympus ODMS, OM System DSS Player, Switch"),
    "multichannel AMR": (rb"#!AMR(-WB)?_MC1\.0\n", "3GPP AMR reference decoder"),
    "OptimFROG (.ofr)": (rb"OFR ", "OptimFROG"),
    "Audible (.aa)": (rb"....\x57\x90\x75\x36", "Audible"),
}

_NOTES = {
    "MIDI (.mid)": rb"MThd|RIFF....RMID",
    "tracker module (.xm, .it, .s3m)": rb"Extended Module: |IMPM|.{44}SCRM",
}

#: ISO media files whose brand says that they are protected.
_PROTECTED_BRANDS = {b"aax ": "Audible (.aax)", b"aaxc": "Audible (.aaxc)"}
#: An audio sample entry that holds its protection scheme: FairPlay, Common Encryption, Audible.
_PROTECTED_ENTRY = re.compile(rb"(drms|enca|aavd).{24,400}?sinf.{4}frma", re.DOTALL)
_PROTECTED_ENTRIES = {b"drms": "FairPlay (.m4p)", b"enca": "Common Encryption (CENC)", b"aavd": "Audible (.aax)"}
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
#: The objects of an ASF header that describe its encryption.
_ASF_PROTECTION = (bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e"), bytes.fromhex("14e68a292226174cb935dae07ee9289c"))


def unsupported_format(source: Path) -> AppError | None:
    """The error that names the format of a file which could not be read; None for a format that is not known here."""
    with source.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    for name, pattern in _CONVERTIBLE.items():
        if re.match(pattern, head, re.DOTALL):
            detail = f"This is {name}, which this server does not read. Convert it: {_COMMAND}"
            return ConvertibleFormat(detail, format=name, command=_COMMAND)
    for name, (pattern, program) in _PROPRIETARY.items():
        if re.match(pattern, head, re.DOTALL):
            detail = f"This is {name}, which only its own programs read. Export it as WAV with one of them: {program}."
            return ProprietaryFormat(detail, format=name, program=program)
    for name, pattern in _NOTES.items():
        if re.match(pattern, head, re.DOTALL):
            return NotesOnly(
                f"This is a {name}: it contains notes, and no sound in which a word could be.", format=name
            )
    return None


def protected_audio(source: Path) -> AppError | None:
    """The error for a file whose audio is encrypted against copying; None for every other file.

    Such a file must not be decoded: FFmpeg would take the encrypted bytes for damaged audio, and find noise in them."""
    with source.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    name = None
    if head[4:8] == b"ftyp":
        name = _PROTECTED_BRANDS.get(head[8:12])
        if name is None and (entry := _PROTECTED_ENTRY.search(_index_of_mp4(source))):
            name = _PROTECTED_ENTRIES[entry[1]]
    elif head.startswith(_ASF) and any(guid in head for guid in _ASF_PROTECTION):
        name = "Windows Media DRM (.wma)"
    if name is None:
        return None
    detail = (
        f"The audio of this file is protected against copying ({name}): only the program it was bought for plays it. "
        "Use a copy without protection."
    )
    return ProtectedAudio(detail, format=name)


def names_the_format(
    read: Callable[Concatenate[Path, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[Path, P], Coroutine[Any, Any, T]]:
    """For functions that read the headers of a file: where they cannot, the error names the format if it is known."""

    @wraps(read)
    async def named(source: Path, /, *arguments: P.args, **options: P.kwargs) -> T:
        try:
            return await read(source, *arguments, **options)
        except (NotMedia, UnsupportedAudio, NoAudio) as error:
            if known := await asyncio.to_thread(unsupported_format, source):
                raise known from error
            raise

    return named


def _index_of_mp4(source: Path) -> bytes:
    """The movie box of an ISO media file, which holds the sample entries; empty if there is none of a possible size."""
    with source.open("rb") as file:
        while len(box := file.read(8)) == 8:
            size, kind, head = int.from_bytes(box[:4], "big"), box[4:], 8
            if size == 1:
                size, head = int.from_bytes(file.read(8), "big"), 16
            if kind == b"moov":
                return file.read(min(size - head, _MAX_INDEX_BYTES)) if size >= head else file.read(_MAX_INDEX_BYTES)
            if size < head:  # 0: to the end of the file
                break
            file.seek(size - head, 1)
    return b""
