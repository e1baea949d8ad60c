"""Minutes as the bytes of a file, without a database: a child process of the render pool imports only this."""

import json
from typing import Any

from backend.minutes.docx import docx
from backend.minutes.markdown import markdown
from backend.minutes.schema import MinutesContent
from backend.minutes.templates import Template
from backend.minutes.written_form import form_of_minutes, in_written_form
from backend.transcripts.document import Document
from backend.transcripts.written_form import AS_IS, WrittenForm


def render(
    content: dict[str, Any],
    versions: dict[str, int],
    document: Document,
    format: str,
    title: str,
    stale: bool,
    template: Template,
    form: WrittenForm = AS_IS,
) -> bytes:
    """The file in one of md, docx and json; `form` is for the text of md and docx. `versions` are the numbers of the
    minutes and of their transcript."""
    if format == "json":
        return (json.dumps({"title": title, **versions, "stale": stale, **content}, ensure_ascii=False) + "\n").encode()
    stored = MinutesContent.model_validate(content)
    form = form_of_minutes(stored, document, form)
    minutes = in_written_form(stored, form)
    if format == "docx":
        return docx(minutes, document, template, title, stale=stale, form=form)
    return markdown(minutes, document, template, title, stale=stale, form=form).encode()
