"""The JSON schema of a document for the API, and the checks of a document that a person saves."""

import unicodedata
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from backend.errors import InvalidInput
from backend.speech.types import Segment, Word
from backend.transcripts.document import Document, Speaker, clean_name

#: The most bytes of a saved document; twelve hours of speech take about eight million.
MAX_BODY_BYTES = 32 * 1024**2

#: The most characters of a document; twelve hours of speech have about two hundred thousand.
MAX_CHARACTERS = 2_000_000

#: Seconds; a recogniser may place the last word slightly past the end.
_SLACK = 1.0


def _printable(text: str) -> str:
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in text):
        raise ValueError("must be one line without control characters")
    return text


Id = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
WordSchema = tuple[Annotated[str, Field(max_length=1000), AfterValidator(_printable)], Seconds, Seconds]


class SpeakerSchema(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: Id
    name: Annotated[str, Field(max_length=64), AfterValidator(_printable)] | None = None


class SegmentSchema(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: Id
    speaker: Id | None = None  #: none where unknown
    start: Seconds
    end: Seconds
    text: Annotated[str, Field(max_length=20_000), AfterValidator(_printable)]
    words: Annotated[list[WordSchema], Field(max_length=20_000)] = []  #: [text, start, end]
    overlap: bool = False
    second_speaker: Id | None = None
    confidence: Annotated[float, Field(ge=0, le=1)] | None = None
    source: Literal["auto", "edited"] = "auto"
    error: Annotated[str, Field(max_length=64), AfterValidator(_printable)] | None = None
    unsure: bool = False  #: the recogniser may have misheard it


class DocumentSchema(BaseModel):
    """`duration`, `language` and `engines` belong to the server: values sent by a client are ignored."""

    model_config = ConfigDict(extra="forbid")

    duration: Seconds = 0.0
    language: str = "zh"
    engines: dict[str, str] = {}
    speakers: Annotated[list[SpeakerSchema], Field(max_length=500)]
    segments: Annotated[list[SegmentSchema], Field(max_length=50_000)]


def read_document(form: DocumentSchema, base: Document) -> Document:
    """The document a person made from `base`. Raises InvalidInput where it is inconsistent."""
    speakers = [one.id for one in form.speakers]
    _require(len(set(speakers)) == len(speakers), "speakers", "Two speakers have the same id.")
    ids = [segment.id for segment in form.segments]
    _require(len(set(ids)) == len(ids), "segments", "Two segments have the same id.")
    size = sum(len(segment.text) for segment in form.segments)
    _require(size <= MAX_CHARACTERS, "segments", f"The text is longer than {MAX_CHARACTERS} characters.")
    known = {*speakers, None}
    limit = max([base.duration, *(segment.end for segment in base.segments)]) + _SLACK
    before = 0.0
    for number, segment in enumerate(form.segments):
        place = f"segments.{number}"
        _require({segment.speaker, segment.second_speaker} <= known, place, "Its speaker is not in the list.")
        _require(before <= segment.start <= segment.end <= limit, place, "Its times are out of order or past the end.")
        times = [(start, end) for _, start, end in segment.words]
        _require(
            all(start <= end <= limit for start, end in times), place, "A word ends before it starts, or too late."
        )
        before = segment.start
    return Document(
        duration=base.duration,
        language=base.language,
        engines=base.engines,
        speakers=tuple(Speaker(one.id, clean_name(one.name)) for one in form.speakers),
        segments=tuple(_segment(segment) for segment in form.segments),
    )


def _segment(form: SegmentSchema) -> Segment:
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
        unsure=form.unsure,
    )


def _require(holds: bool, field: str, problem: str) -> None:
    if not holds:
        raise InvalidInput(problem, fields=[{"field": f"document.{field}", "problem": problem}])
