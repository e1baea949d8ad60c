"""The results of engines: words, sentences, turns, and the segments made of them. Times are seconds from the start."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Word:
    """One Chinese character, or one run of Latin letters or digits, with its time."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of recognised speech.

    `text` is punctuated, and always `spoken_characters(text) == spoken_characters(join(words))` (see
    `backend.speech.text`). A part that could not be recognised has an `error` code, no words and no text.
    """

    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()
    error: str | None = None
    unsure: bool = False  #: the recogniser may have misheard all of it
    language: str | None = None  #: where the recogniser knows several: a code of `backend.speech.languages`


@dataclass(frozen=True, slots=True)
class Turn:
    """A time in which one voice speaks; `voice` is the diarizer's anonymous label."""

    voice: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Diarization:
    """Who spoke when, in two forms: `turns` may overlap, `exclusive` turns do not. `vectors` say how the voices sound,
    where the diarizer knows; they are stored apart from the turns: see `backend.speech.voices`."""

    turns: tuple[Turn, ...] = ()
    exclusive: tuple[Turn, ...] = ()
    vectors: Mapping[str, Sequence[float]] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Segment:
    """One paragraph of a document. `speaker` is None if the speaker is not known."""

    id: str
    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()
    speaker: str | None = None
    second_speaker: str | None = None  #: who else speaks, if there is `overlap`
    overlap: bool = False
    confidence: float | None = None  #: share of the words that lie in the speaker's own turns, 0 to 1
    source: str = "auto"  #: auto, or edited by a person
    unsure: bool = False  #: the text may be wrong: a person should listen to it
    error: str | None = None  #: error code if this part could not be recognised
    translation: str = ""  #: the text in another language, only in exports


def word_from_json(value: list[Any]) -> Word:
    """A word as stored: [text, start, end]."""
    return Word(str(value[0]), float(value[1]), float(value[2]))


def word_to_json(word: Word) -> list[Any]:
    return [word.text, round(word.start, 3), round(word.end, 3)]


def sentence_to_json(sentence: Sentence) -> dict[str, Any]:
    value: dict[str, Any] = {
        "start": round(sentence.start, 3),
        "end": round(sentence.end, 3),
        "text": sentence.text,
        "words": [word_to_json(word) for word in sentence.words],
        "error": sentence.error,
    }
    if sentence.unsure:
        value["unsure"] = True
    if sentence.language is not None:
        value["language"] = sentence.language
    return value


def sentence_from_json(value: dict[str, Any]) -> Sentence:
    """Raises KeyError, TypeError or ValueError for anything that `sentence_to_json` does not write."""
    return Sentence(
        start=float(value["start"]),
        end=float(value["end"]),
        text=str(value["text"]),
        words=tuple(word_from_json(word) for word in value["words"]),
        error=value["error"],
        unsure=bool(value.get("unsure", False)),
        language=value.get("language"),
    )


def diarization_to_json(diarization: Diarization) -> dict[str, Any]:
    return {
        "turns": [[turn.voice, round(turn.start, 3), round(turn.end, 3)] for turn in diarization.turns],
        "exclusive": [[turn.voice, round(turn.start, 3), round(turn.end, 3)] for turn in diarization.exclusive],
    }


def diarization_from_json(value: dict[str, Any]) -> Diarization:
    """Raises KeyError, TypeError or ValueError for anything that `diarization_to_json` does not write."""

    def turns(rows: list[list[Any]]) -> tuple[Turn, ...]:
        return tuple(Turn(str(voice), float(start), float(end)) for voice, start, end in rows)

    return Diarization(turns=turns(value["turns"]), exclusive=turns(value["exclusive"]))
