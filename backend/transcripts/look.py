"""How an export looks: with times, speakers and punctuation or without, in simplified or traditional characters."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache

from backend.speech.text import bare, characters
from backend.speech.types import Segment, Word
from backend.transcripts.document import Document, Speaker


class Script(str, Enum):
    AS_IS = "as_is"  #: as it was heard and written
    SIMPLIFIED = "simplified"
    TRADITIONAL = "traditional"


@dataclass(frozen=True, slots=True)
class Look:
    """What a person chooses beside the format. A format that knows no such thing passes over it."""

    times: bool = True
    speakers: bool = True
    punctuation: bool = True
    script: Script = Script.AS_IS
    bom: bool = True  #: of a CSV: Excel wants it


def in_script(document: Document, script: Script) -> Document:
    """The document in these characters, times and all. Names stay as people wrote them: 于 is not 於 there."""
    if script is Script.AS_IS:
        return document
    convert = _converter(script)
    speakers = tuple(
        speaker if speaker.name else Speaker(speaker.id, convert(document.speaker_name(speaker.id)))
        for speaker in document.speakers
    )
    segments = tuple(_converted(segment, convert) for segment in document.segments)
    return replace(document, speakers=speakers, segments=segments)


def without_punctuation(document: Document) -> Document:
    segments = tuple(replace(segment, text=unpunctuated(segment.text)) for segment in document.segments)
    return replace(document, segments=segments)


def unpunctuated(text: str) -> str:
    """What is heard, with a space where a mark stood: 3.5 and it's stay what they are."""
    parts: list[str] = []
    place = 0
    for unit in characters(text):
        at = text.index(unit, place)
        if parts and at > place:
            parts.append(" ")
        parts.append(unit)
        place = at + len(unit)
    return "".join(parts)


def _converted(segment: Segment, convert: Callable[[str], str]) -> Segment:
    text = convert(segment.text)
    heard = bare(text)
    words: list[Word] = []
    for word in segment.words:
        length = len(bare(word.text))
        if length == len(word.text):
            word = replace(word, text=heard[:length])
        words.append(word)
        heard = heard[length:]
    # A phrase of another length moves every word behind it: then the words stay, and only their times are used.
    same = len(bare(text)) == len(bare(segment.text))
    return replace(segment, text=text, words=tuple(words) if same else segment.words)


@lru_cache(maxsize=2)
def _converter(script: Script) -> Callable[[str], str]:
    from opencc import OpenCC  # reads its dictionaries

    convert: Callable[[str], str] = OpenCC("t2s" if script is Script.SIMPLIFIED else "s2t").convert
    return convert
