"""A document as it travels: its shape for the web, and what is checked before somebody's version is believed."""

import unicodedata
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from backend.errors import InvalidInput
from backend.speech.types import Segment, Word
from backend.transcripts.document import Document, Speaker, clean_name

#: Bytes of a document somebody may send; twelve hours of talk take about eight million.
LARGEST = 32 * 1024**2

#: Characters of a whole document; twelve hours of talk have about two hundred thousand.
MOST_CHARACTERS = 2_000_000

#: A recogniser may hear the last word a little past the end.
_SLACK = 1.0


def _printable(text: str) -> str:
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in text):
        raise ValueError("must be one line without control characters")
    return text


Id = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
WordForm = tuple[Annotated[str, Field(max_length=1000), AfterValidator(_printable)], Seconds, Seconds]


class SpeakerForm(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: Id
    name: Annotated[str, Field(max_length=64), AfterValidator(_printable)] | None = None


class SegmentForm(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: Id
    speaker: Id | None = None  #: none where nobody knows
    start: Seconds
    end: Seconds
    text: Annotated[str, Field(max_length=20_000), AfterValidator(_printable)]
    words: Annotated[list[WordForm], Field(max_length=20_000)] = []  #: [text, start, end]
    overlap: bool = False
    second_speaker: Id | None = None
    confidence: Annotated[float, Field(ge=0, le=1)] | None = None
    source: Literal["auto", "edited"] = "auto"
    error: Annotated[str, Field(max_length=64), AfterValidator(_printable)] | None = None


class DocumentForm(BaseModel):
    """`duration`, `language` and `engines` are the server's: what somebody sends there is not looked at."""

    model_config = ConfigDict(extra="forbid")

    duration: Seconds = 0.0
    language: str = "zh"
    engines: dict[str, str] = {}
    speakers: Annotated[list[SpeakerForm], Field(max_length=500)]
    segments: Annotated[list[SegmentForm], Field(max_length=50_000)]


def read_document(form: DocumentForm, base: Document) -> Document:
    """The document somebody made of `base`. Raises InvalidInput where it does not hold together."""
    speakers = [one.id for one in form.speakers]
    _demand(len(set(speakers)) == len(speakers), "speakers", "Two speakers have the same id.")
    ids = [segment.id for segment in form.segments]
    _demand(len(set(ids)) == len(ids), "segments", "Two segments have the same id.")
    size = sum(len(segment.text) for segment in form.segments)
    _demand(size <= MOST_CHARACTERS, "segments", f"The text is longer than {MOST_CHARACTERS} characters.")
    known = {*speakers, None}
    limit = max([base.duration, *(segment.end for segment in base.segments)]) + _SLACK
    before = 0.0
    for number, segment in enumerate(form.segments):
        place = f"segments.{number}"
        _demand({segment.speaker, segment.second_speaker} <= known, place, "Its speaker is not in the list.")
        _demand(before <= segment.start <= segment.end <= limit, place, "Its times are out of order or past the end.")
        times = [(start, end) for _, start, end in segment.words]
        _demand(all(start <= end <= limit for start, end in times), place, "A word ends before it starts, or too late.")
        before = segment.start
    return Document(
        duration=base.duration,
        language=base.language,
        engines=base.engines,
        speakers=tuple(Speaker(one.id, clean_name(one.name)) for one in form.speakers),
        segments=tuple(_segment(segment) for segment in form.segments),
    )


def _segment(form: SegmentForm) -> Segment:
    return Segment(
        id=form.id,
        start=form.start,
        end=form.end,
        text=form.text,
        words=tuple(Word(*word) for word in form.words),
        speaker=form.speaker,
        second_speaker=form.second_speaker,
        overlap=form.overlap,
        confidence=form.confidence,
        source=form.source,
        error=form.error,
    )


def _demand(holds: bool, field: str, problem: str) -> None:
    if not holds:
        raise InvalidInput(problem, fields=[{"field": f"document.{field}", "problem": problem}])
