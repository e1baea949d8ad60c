"""Minutes: what was said in short, every statement with the segments it rests on."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Statement(_Kept):
    """`evidence` are ids of segments, one at least; `doubtful` where its words or numbers are not found in them."""

    text: str
    evidence: Annotated[list[str], Field(min_length=1)]
    doubtful: bool = False


class Topic(_Kept):
    """A chapter: from, to, and what was said in it."""

    title: str
    start: float
    end: float
    evidence: Annotated[list[str], Field(min_length=1)]
    points: list[Statement] = []


class Action(Statement):
    """Who does what until when. `who` and `when` are empty where nobody said so."""

    who: str = ""
    speaker: str | None = None  #: who it is, where it is somebody who speaks
    when: str = ""


class SpeakerNote(Statement):
    """What one speaker stood for."""

    speaker: str
    name: str


class SectionCovered(_Kept):
    """One section of the transcript, and whether a model has read it."""

    start: float
    end: float
    first: str  #: id of its first segment
    last: str
    segments: int
    covered: bool
    code: str | None = None  #: why not


class Coverage(_Kept):
    """How much of the transcript the minutes rest on."""

    segments: int
    covered: int
    sections: list[SectionCovered]


class Used(_Kept):
    """What the language model was asked, in calls and tokens."""

    calls: int
    prompt_tokens: int
    completion_tokens: int


class MinutesForm(_Kept):
    """The whole, in `language`. `dropped` counts statements that rested on nothing and are not here."""

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
    used: Used
