"""Spans of numbers and scripts as JSON. A child process of the render pool imports only this."""

import json
from collections.abc import Sequence
from typing import Any

from backend.speech.languages import NOT_CHINESE
from backend.transcripts.document import document_from_json
from backend.transcripts.written_form import WrittenForm, protecting_speakers

_Span = tuple[int, int, str]


def spans_of_document(form: WrittenForm, document: dict[str, Any], number: int) -> bytes:
    """The spans of a stored document by segment, without the segments that have none; `number` is its version."""
    read = document_from_json(document)
    form = protecting_speakers(form, read)
    segments = () if read.language in NOT_CHINESE else read.segments
    found = {segment.id: spans for segment in segments if (spans := _spans(form, segment.text))}
    return json.dumps({"number": number, "segments": found}, ensure_ascii=False).encode()


def spans_of_texts(form: WrittenForm, texts: Sequence[str]) -> bytes:
    return json.dumps({"spans": [_spans(form, text) for text in texts]}, ensure_ascii=False).encode()


def _spans(form: WrittenForm, text: str) -> list[_Span]:
    return [(span.start, span.end, span.text) for span in form.spans(text)]
