"""The content of minutes. Every statement names the segments that are its evidence."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class _StoredModel(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Statement(_StoredModel):
    """`evidence` are ids of segments, at least one; `doubtful` where its words or numbers are not found in them."""

    text: str
    evidence: Annotated[list[str], Field(min_length=1)]
    doubtful: bool = False


class Topic(_StoredModel):
    """A topic with its time range and its main points."""

    title: str
    start: float
    end: float
    evidence: Annotated[list[str], Field(min_length=1)]
    points: list[Statement] = []


class Action(Statement):
    """Who does what by when. `who` and `when` are empty where nobody said so."""

    who: str = ""
    speaker: str | None = None  #: the id, where the person is one of the speakers
    when: str = ""


class SpeakerNote(Statement):
    """The position of one speaker."""

    speaker: str
    name: str


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
