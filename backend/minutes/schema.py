"""The content of minutes. Every statement names the segments that are its evidence."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict


class _StoredModel(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Statement(_StoredModel):
    """`evidence` are ids of segments: at least one where a model wrote it, perhaps none where a person did.

    `doubtful`: its words or numbers are not found in them. `edited`: a person wrote or changed it."""

    text: str
    evidence: list[str]
    doubtful: bool = False
    edited: bool = False


class Topic(_StoredModel):
    """A topic with its time range and its main points."""

    title: str
    start: float
    end: float
    evidence: list[str]
    points: list[Statement] = []
    edited: bool = False


class Action(Statement):
    """Who does what by when. `who` and `when` are empty where nobody said so."""

    who: str = ""
    speaker: str | None = None  #: the id, where the person is one of the speakers
    when: str = ""  #: as it was said: by Friday
    due: date | None = None  #: chosen by a person
    done: bool = False


class SpeakerNote(Statement):
    """The position of one speaker."""

    speaker: str
    name: str


class Attachment(_StoredModel):
    """A document that belongs to the meeting: its name, and its address (https or http) or an empty text."""

    name: str
    url: str = ""


class Meeting(_StoredModel):
    """What a person has entered about the meeting; empty where nothing was. Times are local: 2026-11-28T10:00."""

    held: datetime | None = None
    place: str = ""
    attendees: list[str] = []
    next_held: datetime | None = None
    next_place: str = ""
    attachments: list[Attachment] = []


class SectionCoverage(_StoredModel):
    """One section of the transcript, and whether a model has read it."""

    start: float
    end: float
    first: str  #: id of its first segment
    last: str
    segments: int
    covered: bool
    code: str | None = None  #: why not


class Coverage(_StoredModel):
    """How much of the transcript the minutes cover."""

    segments: int
    covered: int
    sections: list[SectionCoverage]


class LanguageModelUsage(_StoredModel):
    """Calls of the language model and their tokens."""

    calls: int
    prompt_tokens: int
    completion_tokens: int


class MinutesContent(_StoredModel):
    """Minutes in `language`. `dropped` counts statements that were left out because they had no evidence."""

    schema_version: Literal[1] = 1
    language: str
    title: str
    meeting: Meeting = Meeting()
    headline: Statement | None
    overview: list[Statement]
    topics: list[Topic]
    decisions: list[Statement]
    actions: list[Action]
    questions: list[Statement]
    speakers: list[SpeakerNote]
    keywords: list[str]
    coverage: Coverage
    dropped: int
    used: LanguageModelUsage
    edited: list[str] = []  #: which of title, headline and keywords a person has changed
    removed: dict[str, list[Statement]] = {}  #: by part: what people have changed or deleted
