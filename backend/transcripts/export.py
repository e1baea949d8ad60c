"""Exports a document as a file in any format. Spoken text never becomes markup."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from backend.csv_safety import UTF8_BOM, to_csv
from backend.recordings.titles import title_of
from backend.transcripts.document import UNKNOWN_SPEAKER, Document, document_from_json, document_to_json
from backend.transcripts.export_style import ExportStyle, without_punctuation
from backend.transcripts.file_properties import NO_PROPERTIES, FileProperties, facts_line, language_tag, written_date
from backend.transcripts.paragraphs import Paragraph
from backend.transcripts.script import convert_text
from backend.transcripts.subtitles import srt, stamp, vtt
from backend.transcripts.written_form import with_written_form

#: Written where nobody spoke.
SILENT = "没有检测到语音"
#: Written where recognition failed.
UNRECOGNISED = "[无法识别]"

#: Not allowed in file names on some system, or able to change the direction of text.
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f<>:\"/\\|?*\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)
#: ASCII that may be Markdown markup; a point or colon inside a number is not.
_MARKUP = re.compile(r"[\\`*_{}\[\]()#+\-!|<>~&=@$^]|(?<!\d)[.:]|[.:](?!\d)")


@dataclass(frozen=True, slots=True)
class _Format:
    content_type: str
    write: Callable[[Document, str, ExportStyle, Sequence[Path], FileProperties], str | bytes]


def export(
    document: Document,
    format: str,
    title: str,
    style: ExportStyle | None = None,
    *,
    fonts: Sequence[Path] = (),
    properties: FileProperties = NO_PROPERTIES,
) -> bytes:
    """The whole file, text in UTF-8. Raises ValueError for a format that is not in FORMATS.

    Subtitles always have times and JSON always has everything. Speakers are left out where none is known. The title is
    written without the ending of a media file. `properties` are those of a Word document or PDF.
    `fonts` are for a PDF (`backend.transcripts.fonts.fonts_of`). Takes seconds for hours: call it in a thread."""
    chosen_style = style or ExportStyle()
    chosen_style = replace(chosen_style, speakers=chosen_style.speakers and bool(document.speakers))
    if format == "json":
        chosen_style = replace(chosen_style, written_numbers=False)
    document = with_written_form(document, chosen_style.written_form)
    content = _format(format).write(document, title_of(_one_line(title)), chosen_style, fonts, properties)
    return content.encode() if isinstance(content, str) else content


def export_stored(
    document: dict[str, Any],
    format: str,
    title: str,
    style: ExportStyle,
    fonts: Sequence[Path],
    properties: FileProperties,
) -> bytes:
    """The file of a document as `document_to_json` has written it."""
    return export(document_from_json(document), format, title, style, fonts=fonts, properties=properties)


def content_type(format: str) -> str:
    return "text/html; charset=utf-8" if format == "html" else _format(format).content_type


def file_name(title: str, format: str) -> str:
    """A readable name that is valid on every file system: Chinese stays, the media extension is removed."""
    name = title_of(_UNFIT.sub(" ", title).strip())
    name = " ".join(name.split()).strip(". ")
    while len(name.encode()) > 180:  # file systems allow 255 bytes
        name = name[:-1].rstrip(". ")
    if not name or _RESERVED.match(name):
        name = f"transcript {name}".strip()
    return f"{name}.{format}"


def content_disposition(name: str) -> str:
    """The header with which a browser saves the answer under this name (RFC 6266)."""
    plain = re.sub(r"[^A-Za-z0-9._ -]+", "_", name)
    stem, point, ending = plain.rpartition(".")
    if not re.search("[A-Za-z0-9]", stem):
        plain = f"transcript{point}{ending}"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def clock(seconds: float) -> str:
    """HH:MM:SS, rounded down, because it is a position and not a duration."""
    whole = int(max(seconds, 0.0) + 1e-6)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def escape_markdown(text: str) -> str:
    """The text escaped for Markdown."""
    return _MARKUP.sub(lambda found: f"\\{found[0]}", text)


def _format(name: str) -> _Format:
    try:
        return FORMATS[name]
    except KeyError:
        raise ValueError(f"{name} is not one of {', '.join(FORMATS)}") from None


def _txt(document: Document, title: str, style: ExportStyle, *_: object) -> str:
    parts = [title] if title else []
    for speaker, time, text, translation in _paragraphs(document, style):
        heading = "  ".join(part for part in (speaker, time) if part)
        parts.append("\n".join(part for part in (heading, text, translation) if part))
    return "\n\n".join(part for part in parts if part) + "\n"


def _markdown(document: Document, title: str, style: ExportStyle, *_: object) -> str:
    parts = [f"# {escape_markdown(title)}"] if title else []
    for speaker, time, text, translation in _paragraphs(document, style):
        parts.append(
            " ".join(
                part for part in (f"**{escape_markdown(speaker)}**" if speaker else "", escape_markdown(time)) if part
            )
        )
        parts.append(escape_markdown(text))
        parts.append(escape_markdown(translation))
    return "\n\n".join(part for part in parts if part) + "\n"


def _json(document: Document, title: str, style: ExportStyle, *_: object) -> str:
    silent = {} if document.segments else {"note": _fixed(SILENT, style)}
    return json.dumps({"title": title, **silent, **document_to_json(document)}, ensure_ascii=False) + "\n"


def _srt(document: Document, title: str, style: ExportStyle, *_: object) -> str:
    texts = {"unrecognised": _fixed(UNRECOGNISED, style), "unknown": _fixed(UNKNOWN_SPEAKER, style)}
    return srt(document, speakers=style.speakers, punctuation=style.punctuation, **texts)


def _vtt(document: Document, title: str, style: ExportStyle, *_: object) -> str:
    texts = {"unrecognised": _fixed(UNRECOGNISED, style), "unknown": _fixed(UNKNOWN_SPEAKER, style)}
    return vtt(
        document,
        speakers=style.speakers,
        punctuation=style.punctuation,
        silent=_fixed(SILENT, style),
        **texts,
    )


def _csv(document: Document, title: str, style: ExportStyle, *_unused: object) -> str:
    translated = any(segment.translation for segment in document.segments)
    columns = (style.times, style.times, style.speakers, True, translated)
    rows: list[tuple[object, ...]] = [tuple(_fixed(name, style) for name in ("开始", "结束", "发言人", "文字", "译文"))]
    for segment, (speaker, _, text, translation) in zip(document.segments, _paragraphs(document, style), strict=False):
        rows.append((stamp(segment.start, "."), stamp(segment.end, "."), speaker, text, translation))
    if not document.segments:
        rows.append(("", "", "", _fixed(SILENT, style), ""))
    selected_rows = ([cell for cell, shown in zip(row, columns, strict=True) if shown] for row in rows)
    return (UTF8_BOM if style.bom else "") + to_csv(selected_rows)


def _docx(
    document: Document, title: str, style: ExportStyle, fonts: Sequence[Path], properties: FileProperties
) -> bytes:
    from backend.transcripts.docx_file import docx  # slow to import and seldom needed

    about = _about(document, style, properties)
    return docx(title, _paragraphs(document, style), about, _tag(document, style), properties)


def _pdf(
    document: Document, title: str, style: ExportStyle, fonts: Sequence[Path], properties: FileProperties
) -> bytes:
    from backend.transcripts.pdf_file import pdf

    about = _about(document, style, properties)
    return pdf(title, _paragraphs(document, style), about, fonts, _tag(document, style), properties)


#: Every format by its file extension.
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


def _paragraphs(document: Document, style: ExportStyle) -> Iterator[Paragraph]:
    """A paragraph for each segment, its parts empty where not wanted; one with SILENT where nobody spoke."""
    if not document.segments:
        yield Paragraph("", "", _fixed(SILENT, style))
    unknown = _fixed(UNKNOWN_SPEAKER, style)
    shown = document if style.punctuation else without_punctuation(document)
    for segment in shown.segments:
        failed = segment.error is not None and not segment.text
        named = style.speakers and not (failed and segment.speaker is None)
        speaker = _one_line(document.speaker_name(segment.speaker, unknown)) if named else ""
        time = clock(segment.start) + (f"–{clock(segment.end)}" if failed else "") if style.times else ""
        text = _one_line(segment.text) or (_fixed(UNRECOGNISED, style) if segment.error is not None else "")
        yield Paragraph(speaker, time, text, _one_line(segment.translation))


def _about(document: Document, style: ExportStyle, properties: FileProperties) -> str:
    """Date, duration and the people whose names are known."""
    names = [speaker.name for speaker in document.speakers if speaker.name] if style.speakers else []
    facts = (
        ("日期", written_date(properties.held, chinese=True) if properties.held else ""),
        ("时长", clock(document.duration) if style.times else ""),
        ("参会人", "、".join(names)),
    )
    return facts_line((_fixed(label, style), value) for label, value in facts)


def _tag(document: Document, style: ExportStyle) -> str:
    return language_tag(document.language, style.script)


def _fixed(text: str, style: ExportStyle) -> str:
    """A text of ours in the script of the export."""
    return convert_text(text, style.script)


def _one_line(text: str) -> str:
    return " ".join(text.split())
