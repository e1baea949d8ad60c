"""The style of an export: times, speakers and punctuation or not, and how the text is written."""

from dataclasses import dataclass, replace

from backend.speech.text import characters
from backend.transcripts.document import Document
from backend.transcripts.script import Script
from backend.transcripts.written_form import WrittenForm


@dataclass(frozen=True, slots=True)
class ExportStyle:
    """The options beside the format. A format ignores options that do not apply to it."""

    times: bool = True
    speakers: bool = True
    punctuation: bool = True
    script: Script = Script.AS_IS
    bom: bool = True  #: of a CSV: Excel needs it
    written_numbers: bool = False  #: 320万 for 三百二十万
    protected: tuple[str, ...] = ()  #: hotwords and names, which stay as they are

    @property
    def written_form(self) -> WrittenForm:
        return WrittenForm(self.written_numbers, self.script, self.protected)


def without_punctuation(document: Document) -> Document:
    segments = tuple(replace(segment, text=strip_punctuation(segment.text)) for segment in document.segments)
    return replace(document, segments=segments)


def strip_punctuation(text: str) -> str:
    """The text with a space in place of punctuation; 3.5 and it's stay as they are."""
    parts: list[str] = []
    place = 0
    for unit in characters(text):
        at = text.index(unit, place)
        if parts and at > place:
            parts.append(" ")
        parts.append(unit)
        place = at + len(unit)
    return "".join(parts)
