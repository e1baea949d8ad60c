"""A document with numbers as people write them, for an export. What is stored stays as it was heard."""

from collections.abc import Sequence
from dataclasses import replace

from backend.speech.numbers import NumberSpan, find_numbers, rewrite
from backend.speech.types import Segment, Word
from backend.transcripts.document import Document


def with_written_numbers(document: Document) -> Document:
    return replace(document, segments=tuple(_segment(segment) for segment in document.segments))


def _segment(segment: Segment) -> Segment:
    spans = find_numbers(segment.text)
    if not spans:
        return segment
    words = _words(segment.words, segment.text, spans)
    return replace(segment, text=rewrite(segment.text, spans), words=words or segment.words)


def _words(words: Sequence[Word], text: str, spans: Sequence[NumberSpan]) -> tuple[Word, ...]:
    """The words with one word for each number, which has the time of all its characters. Empty where they do not
    match the text, as after an edit."""
    written: list[Word] = []
    inside: list[Word] = []
    position, remaining = 0, list(spans)
    for word in words:
        start = text.find(word.text, position)
        if start < 0:
            return ()
        position = start + len(word.text)
        while remaining and start >= remaining[0].end:
            written += _number(remaining.pop(0), inside)
            inside = []
        if remaining and remaining[0].start <= start and position <= remaining[0].end:
            inside.append(word)
        elif remaining and start < remaining[0].end and position > remaining[0].start:
            return ()  # a word that reaches over the edge of a number
        else:
            written.append(word)
    for span in remaining:
        written += _number(span, inside)
        inside = []
    return tuple(written)


def _number(span: NumberSpan, words: Sequence[Word]) -> list[Word]:
    return [Word(span.text, words[0].start, words[-1].end)] if words else []
