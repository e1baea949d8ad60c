"""Minutes as the bytes of a file, without a database: a child process of the render pool imports only this."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.minutes.docx import docx
from backend.minutes.markdown import html, markdown, plain
from backend.minutes.outline import entries, file_title
from backend.minutes.pdf import pdf
from backend.minutes.schema import MinutesContent
from backend.minutes.templates import Template
from backend.minutes.written_form import form_of_minutes, in_written_form
from backend.transcripts.document import Document
from backend.transcripts.file_properties import NO_PROPERTIES, FileProperties, language_tag
from backend.transcripts.written_form import AS_IS, WrittenForm


@dataclass(frozen=True, slots=True)
class MinutesFile:
    """What a file of minutes is made from. `content` is as it is stored, `versions` are the numbers of the minutes and
    of their transcript, `form` is for the text."""

    content: dict[str, Any]
    versions: dict[str, int]
    document: Document
    title: str
    stale: bool
    template: Template
    form: WrittenForm = AS_IS
    properties: FileProperties = NO_PROPERTIES


def render(file: MinutesFile, format: str, fonts: Sequence[Path] = ()) -> bytes:
    """The file in one of md, txt, html (a fragment), docx, pdf and json. `fonts` are for a PDF."""
    if format == "json":
        versions = {**file.versions, "stale": file.stale}
        text = json.dumps({"title": file.title, **versions, **file.content}, ensure_ascii=False)
        return f"{text}\n".encode()
    stored = MinutesContent.model_validate(file.content)
    form = form_of_minutes(stored, file.document, file.form)
    minutes = in_written_form(stored, form)
    title = file_title(minutes, file.title)
    shown = entries(
        *(minutes, file.document, file.template, file.title), stale=file.stale, form=form, properties=file.properties
    )
    tag = language_tag(minutes.language, form.script)
    if format == "docx":
        return docx(shown, title, tag, file.properties)
    if format == "pdf":
        return pdf(shown, title, tag, fonts, file.properties)
    write = {"md": markdown, "txt": plain, "html": html}[format]
    return write(shown).encode()
