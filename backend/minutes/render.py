"""Minutes as the bytes of a file, without a database: a child process of the render pool imports only this."""

import json
from typing import Any

from backend.minutes.docx import docx
from backend.minutes.markdown import markdown
from backend.minutes.schema import MinutesContent
from backend.minutes.templates import Template
from backend.transcripts.document import Document


def render(
    content: dict[str, Any],
    versions: dict[str, int],
    document: Document,
    format: str,
    title: str,
    stale: bool,
    template: Template,
) -> bytes:
    """The file in one of md, docx and json. `versions` are the numbers of the minutes and of their transcript."""
    if format == "json":
        return (json.dumps({"title": title, **versions, "stale": stale, **content}, ensure_ascii=False) + "\n").encode()
    minutes = MinutesContent.model_validate(content)
    if format == "docx":
        return docx(minutes, document, template, title, stale=stale)
    return markdown(minutes, document, template, title, stale=stale).encode()
