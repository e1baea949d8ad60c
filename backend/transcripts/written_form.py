"""How a transcript is written for readers: numbers in digits, another script. What is stored stays what was heard."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from backend.speech.languages import NOT_CHINESE
from backend.speech.numbers import find_numbers
from backend.speech.spans import Span, compose, outside, rewrite
from backend.speech.types import Segment, Word
from backend.transcripts.document import Document, Speaker
from backend.transcripts.script import Script, convert_text, find_script_changes


@dataclass(frozen=True)
class WrittenForm:
    """`protected` words (names, hotwords) are left as they are; a word of one character is too short to be one."""

    numbers: bool = False
    script: Script = Script.AS_IS
    protected: tuple[str, ...] = ()

    @property
    def changes_nothing(self) -> bool:
        return not self.numbers and self.script is Script.AS_IS

    def spans(self, text: str) -> list[Span]:
        """What is written otherwise than it was heard; `text` is what was heard."""
        numbers = self.number_spans(text)
        return compose(text, numbers, self.script_spans(rewrite(text, numbers)))

    def write(self, text: str) -> str:
        numbers_written = rewrite(text, self.number_spans(text))
        return rewrite(numbers_written, self.script_spans(numbers_written))

    def number_spans(self, text: str) -> list[Span]:
        return self._unprotected(text, find_numbers(text)) if self.numbers else []

    def script_spans(self, text: str) -> list[Span]:
        return self._unprotected(text, find_script_changes(text, self.script))

    def _unprotected(self, text: str, spans: list[Span]) -> list[Span]:
        if not spans or self._pattern is None:
            return spans
        return outside(spans, [match.span() for match in self._pattern.finditer(text)])

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        words = sorted({word for word in self.protected if len(word) > 1}, key=len, reverse=True)
        return re.compile("|".join(map(re.escape, words))) if words else None


#: As it is stored.
AS_IS = WrittenForm()


def with_written_form(document: Document, form: WrittenForm) -> Document:
    """The document for a file. The names of its speakers are protected as well: the surname 于 is not 於."""
    if form.changes_nothing or document.language in NOT_CHINESE:
        return document
    form = protecting_speakers(form, document)
    speakers = tuple(
        speaker if speaker.name else Speaker(speaker.id, convert_text(document.speaker_name(speaker.id), form.script))
        for speaker in document.speakers
    ) if form.script is not Script.AS_IS else document.speakers  # fmt: skip
    segments = tuple(_segment(segment, form) for segment in document.segments)
    return replace(document, speakers=speakers, segments=segments)


def protecting_speakers(form: WrittenForm, document: Document) -> WrittenForm:
    """The form with the names of the document's speakers protected."""
    names = tuple(speaker.name for speaker in document.speakers if speaker.name)
    return replace(form, protected=(*form.protected, *names))


def _segment(segment: Segment, form: WrittenForm) -> Segment:
    # One after the other: a number is one word in the end, and the characters of a word stay words.
    segment = _rewritten(segment, form.number_spans(segment.text))
    return _rewritten(segment, form.script_spans(segment.text))


def _rewritten(segment: Segment, spans: Sequence[Span]) -> Segment:
    if not spans:
        return segment
    words = _words(segment.words, segment.text, spans)
    return replace(segment, text=rewrite(segment.text, spans), words=words or segment.words)


def _words(words: Iterable[Word], text: str, spans: Sequence[Span]) -> tuple[Word, ...]:
    """The words as they are written. Words under one span become one word with the time of them all. Empty where the
    words do not match the text, as after an edit."""
    written: list[Word] = []
    group_start = group_end = position = 0
    remaining = list(reversed(spans))
    inside: list[Span] = []
    for word in words:
        start = text.find(word.text, position)
        if start < 0:
            return ()
        position = start + len(word.text)
        joins = start < group_end
        if not joins:
            inside, group_start, group_end = [], start, position
        group_end = max(group_end, position)
        while remaining and remaining[-1].start < group_end:
            span = remaining.pop()
            if span.start < group_start:
                continue  # it lies before this word, where no word is
            inside.append(Span(span.start - group_start, span.end - group_start, span.text))
            group_end = max(group_end, span.end)
        new = Word(rewrite(text[group_start:group_end], inside), written[-1].start if joins else word.start, word.end)
        if joins:
            written[-1] = new
        else:
            written.append(new)
    return tuple(written)
