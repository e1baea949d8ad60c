"""The style of an export: times, speakers and punctuation or not, simplified or traditional characters."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache

from backend.speech.text import characters, spoken_characters
from backend.speech.types import Segment, Word
from backend.transcripts.document import Document, Speaker


class Script(str, Enum):
    AS_IS = "as_is"  #: as it is in the document
    SIMPLIFIED = "simplified"
    TRADITIONAL = "traditional"


@dataclass(frozen=True, slots=True)
class ExportStyle:
    """The options beside the format. A format ignores options that do not apply to it."""

    times: bool = True
    speakers: bool = True
    punctuation: bool = True
    script: Script = Script.AS_IS
    bom: bool = True  #: of a CSV: Excel needs it
    written_numbers: bool = False  #: 320万 for 三百二十万


def convert_script(document: Document, script: Script) -> Document:
    """The document in this script. Names stay as people wrote them: the surname 于 is not 於."""
    if script is Script.AS_IS:
        return document
    convert = _converter(script)
    speakers = tuple(
        speaker if speaker.name else Speaker(speaker.id, convert(document.speaker_name(speaker.id)))
        for speaker in document.speakers
    )
    segments = tuple(_convert_segment(segment, convert) for segment in document.segments)
    return replace(document, speakers=speakers, segments=segments)


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


def _convert_segment(segment: Segment, convert: Callable[[str], str]) -> Segment:
    text = convert(segment.text)
    heard = spoken_characters(text)
    words: list[Word] = []
    place = 0
    for word in segment.words:
        length = len(spoken_characters(word.text))
        if length == len(word.text):
            word = replace(word, text=heard[place : place + length])
        words.append(word)
        place += length
    # A phrase of another length would shift all later words: then the words stay, and only their times are used.
    same = len(heard) == len(spoken_characters(segment.text))
    return replace(segment, text=text, words=tuple(words) if same else segment.words)


@lru_cache(maxsize=2)
def _converter(script: Script) -> Callable[[str], str]:
    from opencc import OpenCC  # slow to import: it reads its dictionaries

    convert: Callable[[str], str] = OpenCC("t2s" if script is Script.SIMPLIFIED else "s2t").convert
    return convert
