"""A document as a file to take away: plain text, Markdown, subtitles, JSON. What was said never becomes markup."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from backend.speech.types import Segment
from backend.transcripts.document import Document, document_to_json
from backend.transcripts.subtitles import srt, vtt

#: Stands where nobody spoke.
SILENT = "没有检测到语音"
#: Stands where somebody may have spoken and the recogniser failed.
UNRECOGNISED = "[无法识别]"

_MEDIA = re.compile(
    r"\.(aac|aiff?|amr|ape|avi|caf|flac|flv|m4[av]|mka|mkv|mov|mp[234]|mpe?g|ogg|opus|ts|wav|webm|wma|wmv|3gp)$",
    re.IGNORECASE,
)
#: Not allowed in a file name somewhere, or able to turn the direction of what follows.
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f<>:\"/\\|?*\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)
#: ASCII that Markdown could take for markup; a point or colon inside a number is left alone.
_MARKUP = re.compile(r"[\\`*_{}\[\]()#+\-!|<>~&=@$^]|(?<!\d)[.:]|[.:](?!\d)")


@dataclass(frozen=True, slots=True)
class _Format:
    content_type: str
    write: Callable[[Document, str, bool, bool], str]


def export(document: Document, format: str, title: str, *, times: bool = True, speakers: bool = True) -> str:
    """The whole file, to be written as UTF-8. Raises ValueError for a format that is none of FORMATS.

    Subtitles always have times and JSON always has everything. Where no speaker is known at all, none is written."""
    return _format(format).write(document, _flat(title), times, speakers and bool(document.speakers))


def content_type(format: str) -> str:
    return _format(format).content_type


def file_name(title: str, format: str) -> str:
    """A name that every file system takes, for people: Chinese stays, the ending of the recording goes."""
    name = _MEDIA.sub("", _UNFIT.sub(" ", title).strip())
    name = " ".join(name.split()).strip(". ")
    while len(name.encode()) > 180:  # file systems stop at 255 bytes
        name = name[:-1].rstrip(". ")
    if not name or _RESERVED.match(name):
        name = f"transcript {name}".strip()
    return f"{name}.{format}"


def content_disposition(name: str) -> str:
    """The header that makes a browser save the answer under this name (RFC 6266)."""
    plain = re.sub(r"[^A-Za-z0-9._ -]+", "_", name)
    stem, point, ending = plain.rpartition(".")
    if not re.search("[A-Za-z0-9]", stem):
        plain = f"transcript{point}{ending}"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def clock(seconds: float) -> str:
    """HH:MM:SS, rounded down: where to look, not how long."""
    whole = int(max(seconds, 0.0) + 1e-6)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def escaped(text: str) -> str:
    """The text as Markdown shows it: nothing in it is markup."""
    return _MARKUP.sub(lambda found: f"\\{found[0]}", text)


def _format(name: str) -> _Format:
    try:
        return FORMATS[name]
    except KeyError:
        raise ValueError(f"{name} is none of {', '.join(FORMATS)}") from None


def _txt(document: Document, title: str, times: bool, speakers: bool) -> str:
    parts = [title] if title else []
    for segment in document.segments:
        heading = "  ".join(_heading(document, segment, times, speakers))
        parts.append("\n".join(part for part in (heading, _one_line(segment)) if part))
    if not document.segments:
        parts.append(SILENT)
    return "\n\n".join(parts) + "\n"


def _markdown(document: Document, title: str, times: bool, speakers: bool) -> str:
    parts = [f"# {escaped(title)}"] if title else []
    for segment in document.segments:
        heading = _heading(document, segment, False, speakers)
        clocks = _heading(document, segment, times, False)
        parts.append(" ".join([*(f"**{escaped(name)}**" for name in heading), *(escaped(time) for time in clocks)]))
        parts.append(escaped(_one_line(segment)))
    if not document.segments:
        parts.append(SILENT)
    return "\n\n".join(part for part in parts if part) + "\n"


def _json(document: Document, title: str, times: bool, speakers: bool) -> str:
    silent = {} if document.segments else {"note": SILENT}
    return json.dumps({"title": title, **silent, **document_to_json(document)}, ensure_ascii=False) + "\n"


def _srt(document: Document, title: str, times: bool, speakers: bool) -> str:
    return srt(document, speakers=speakers, unrecognised=UNRECOGNISED)


def _vtt(document: Document, title: str, times: bool, speakers: bool) -> str:
    return vtt(document, speakers=speakers, unrecognised=UNRECOGNISED, silent=SILENT)


#: Every format there is, by the ending of its files.
FORMATS: dict[str, _Format] = {
    "txt": _Format("text/plain; charset=utf-8", _txt),
    "srt": _Format("application/x-subrip; charset=utf-8", _srt),
    "vtt": _Format("text/vtt; charset=utf-8", _vtt),
    "md": _Format("text/markdown; charset=utf-8", _markdown),
    "json": _Format("application/json; charset=utf-8", _json),
}


def _heading(document: Document, segment: Segment, times: bool, speakers: bool) -> list[str]:
    failed = segment.error is not None and not segment.text
    found = []
    if speakers and not (failed and segment.speaker is None):
        found.append(_flat(document.speaker_name(segment.speaker)))
    if times:
        found.append(clock(segment.start) + (f"–{clock(segment.end)}" if failed else ""))
    return found


def _one_line(segment: Segment) -> str:
    return _flat(segment.text) or (UNRECOGNISED if segment.error is not None else "")


def _flat(text: str) -> str:
    return " ".join(text.split())
