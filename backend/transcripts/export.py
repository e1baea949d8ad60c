"""A document as a file to take away, in any format there is. What was said never becomes markup."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from backend.cells import MARK, csv_lines
from backend.transcripts.document import Document, document_to_json
from backend.transcripts.look import Look, in_script, without_punctuation
from backend.transcripts.subtitles import srt, stamp, vtt

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
    write: Callable[[Document, str, Look, Sequence[Path]], str | bytes]


def export(
    document: Document, format: str, title: str, look: Look | None = None, *, fonts: Sequence[Path] = ()
) -> bytes:
    """The whole file, text in UTF-8. Raises ValueError for a format that is none of FORMATS.

    Subtitles always have times and JSON always has everything. Where no speaker is known at all, none is written.
    `fonts` are for a PDF (`backend.transcripts.fonts.fonts_of`). Takes seconds for hours: call it in a thread."""
    wanted = look or Look()
    wanted = replace(wanted, speakers=wanted.speakers and bool(document.speakers))
    document = in_script(document, wanted.script)
    written = _format(format).write(document, _flat(title), wanted, fonts)
    return written.encode() if isinstance(written, str) else written


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


def _txt(document: Document, title: str, look: Look, fonts: Sequence[Path]) -> str:
    parts = [title] if title else []
    for speaker, time, text in _paragraphs(document, look):
        heading = "  ".join(part for part in (speaker, time) if part)
        parts.append("\n".join(part for part in (heading, text) if part))
    return "\n\n".join(part for part in parts if part) + "\n"


def _markdown(document: Document, title: str, look: Look, fonts: Sequence[Path]) -> str:
    parts = [f"# {escaped(title)}"] if title else []
    for speaker, time, text in _paragraphs(document, look):
        parts.append(" ".join(part for part in (f"**{escaped(speaker)}**" if speaker else "", escaped(time)) if part))
        parts.append(escaped(text))
    return "\n\n".join(part for part in parts if part) + "\n"


def _json(document: Document, title: str, look: Look, fonts: Sequence[Path]) -> str:
    silent = {} if document.segments else {"note": SILENT}
    return json.dumps({"title": title, **silent, **document_to_json(document)}, ensure_ascii=False) + "\n"


def _srt(document: Document, title: str, look: Look, fonts: Sequence[Path]) -> str:
    return srt(document, speakers=look.speakers, punctuation=look.punctuation, unrecognised=UNRECOGNISED)


def _vtt(document: Document, title: str, look: Look, fonts: Sequence[Path]) -> str:
    return vtt(document, speakers=look.speakers, punctuation=look.punctuation, unrecognised=UNRECOGNISED, silent=SILENT)


def _csv(document: Document, title: str, look: Look, fonts: Sequence[Path]) -> str:
    columns = (look.times, look.times, look.speakers, True)
    rows: list[tuple[object, ...]] = [("开始", "结束", "发言人", "文字")]
    for segment, (speaker, _, text) in zip(document.segments, _paragraphs(document, look), strict=False):
        rows.append((stamp(segment.start, "."), stamp(segment.end, "."), speaker, text))
    if not document.segments:
        rows.append(("", "", "", SILENT))
    chosen = ([cell for cell, shown in zip(row, columns, strict=True) if shown] for row in rows)
    return (MARK if look.bom else "") + csv_lines(chosen)


def _docx(document: Document, title: str, look: Look, fonts: Sequence[Path]) -> bytes:
    from backend.transcripts.docx_file import docx  # slow to import, and seldom wanted

    return docx(title, _paragraphs(document, look), _about(document, look))


def _pdf(document: Document, title: str, look: Look, fonts: Sequence[Path]) -> bytes:
    from backend.transcripts.pdf_file import pdf

    return pdf(title, _paragraphs(document, look), _about(document, look), fonts)


#: Every format there is, by the ending of its files.
FORMATS: dict[str, _Format] = {
    "txt": _Format("text/plain; charset=utf-8", _txt),
    "srt": _Format("application/x-subrip; charset=utf-8", _srt),
    "vtt": _Format("text/vtt; charset=utf-8", _vtt),
    "md": _Format("text/markdown; charset=utf-8", _markdown),
    "json": _Format("application/json; charset=utf-8", _json),
    "csv": _Format("text/csv; charset=utf-8", _csv),
    "docx": _Format("application/vnd.openxmlformats-officedocument.wordprocessingml.document", _docx),
    "pdf": _Format("application/pdf", _pdf),
}


def _paragraphs(document: Document, look: Look) -> Iterator[tuple[str, str, str]]:
    """Who, when and what of each segment; what was not asked for is empty. One that says so where nobody spoke."""
    if not document.segments:
        yield "", "", SILENT
    shown = document if look.punctuation else without_punctuation(document)
    for segment in shown.segments:
        failed = segment.error is not None and not segment.text
        named = look.speakers and not (failed and segment.speaker is None)
        speaker = _flat(document.speaker_name(segment.speaker)) if named else ""
        time = clock(segment.start) + (f"–{clock(segment.end)}" if failed else "") if look.times else ""
        yield speaker, time, _flat(segment.text) or (UNRECOGNISED if segment.error is not None else "")


def _about(document: Document, look: Look) -> str:
    return f"时长 {clock(document.duration)}" if look.times else ""


def _flat(text: str) -> str:
    return " ".join(text.split())
