"""What the engines hear: words, sentences, turns, and the segments made of them. Times are seconds from the start."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Word:
    """One Chinese character, or one run of Latin letters or digits, with the time it takes."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Sentence:
    """A stretch of recognised speech.

    `text` is punctuated and `bare(text) == bare(join(words))` always holds (see `backend.speech.text`).
    A stretch that could not be recognised has an `error` code, no words and no text: never invented text.
    """

    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch in which one voice speaks; `voice` is the diarizer's anonymous label."""

    voice: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Diarization:
    """Who spoke when, twice: `turns` may overlap; of `exclusive` at most one holds at any time."""

    turns: tuple[Turn, ...] = ()
    exclusive: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True)
class Segment:
    """One paragraph of a document: who, from, to, text. `speaker` is None where naming one would be guessing."""

    id: str
    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()
    speaker: str | None = None
    second_speaker: str | None = None  #: who else is heard while `overlap`
    overlap: bool = False
    confidence: float | None = None  #: share of the words that lie in the speaker's own turns, 0 to 1
    source: str = "auto"  #: auto, or edited by a person
    error: str | None = None  #: code of a stretch that could not be recognised


def word_from_json(value: list[Any]) -> Word:
    """A word as stored: [text, start, end]."""
    return Word(str(value[0]), float(value[1]), float(value[2]))


def word_to_json(word: Word) -> list[Any]:
    return [word.text, round(word.start, 3), round(word.end, 3)]


def sentence_to_json(sentence: Sentence) -> dict[str, Any]:
    return {
        "start": round(sentence.start, 3),
        "end": round(sentence.end, 3),
        "text": sentence.text,
        "words": [word_to_json(word) for word in sentence.words],
        "error": sentence.error,
    }


def sentence_from_json(value: dict[str, Any]) -> Sentence:
    """Raises KeyError, TypeError or ValueError for anything `sentence_to_json` has not written."""
    return Sentence(
        start=float(value["start"]),
        end=float(value["end"]),
        text=str(value["text"]),
        words=tuple(word_from_json(word) for word in value["words"]),
        error=value["error"],
    )


def diarization_to_json(diarization: Diarization) -> dict[str, Any]:
    return {
        "turns": [[turn.voice, round(turn.start, 3), round(turn.end, 3)] for turn in diarization.turns],
        "exclusive": [[turn.voice, round(turn.start, 3), round(turn.end, 3)] for turn in diarization.exclusive],
    }


def diarization_from_json(value: dict[str, Any]) -> Diarization:
    """Raises KeyError, TypeError or ValueError for anything `diarization_to_json` has not written."""

    def turns(rows: list[list[Any]]) -> tuple[Turn, ...]:
        return tuple(Turn(str(voice), float(start), float(end)) for voice, start, end in rows)

    return Diarization(turns=turns(value["turns"]), exclusive=turns(value["exclusive"]))
