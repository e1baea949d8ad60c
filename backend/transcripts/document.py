"""The document of a transcript: speakers and segments, as a value. Names belong to stable speaker ids."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from backend.speech.merge import MergeResult
from backend.speech.types import Segment, word_from_json, word_to_json

#: Characters that change the direction of text: with them a name could change how other text is displayed.
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

#: The name of a speaker who is not known.
UNKNOWN_SPEAKER = "未知发言人"


@dataclass(frozen=True, slots=True)
class Speaker:
    """A speaker of this document; `name` is given by a person, or None."""

    id: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """`duration` is that of the recording in seconds; `engines` says which engine did which stage."""

    duration: float
    speakers: tuple[Speaker, ...] = ()
    segments: tuple[Segment, ...] = ()
    language: str = "zh"
    engines: tuple[tuple[str, str], ...] = ()

    def speaker_name(self, speaker: str | None, unknown: str = UNKNOWN_SPEAKER) -> str:
        """The given name, else 发言人 N by order in `speakers`, else `unknown`."""
        for number, known in enumerate(self.speakers, 1):
            if known.id == speaker:
                return known.name or f"发言人 {number}"
        return unknown


def from_merged(merged: MergeResult, *, duration: float, engines: Mapping[str, str], language: str = "zh") -> Document:
    """The document of the engines' results; its speakers have no names yet."""
    return Document(
        duration=duration,
        speakers=tuple(Speaker(f"S{number}") for number in range(1, len(merged.voices) + 1)),
        segments=merged.segments,
        language=language,
        engines=tuple(sorted(engines.items())),
    )


def rename_speaker(document: Document, speaker: str, name: str | None) -> Document:
    """The document in which `speaker` has this name; None or an empty name removes it.

    Raises KeyError where the document has no such speaker."""
    if speaker not in {known.id for known in document.speakers}:
        raise KeyError(speaker)
    renamed = Speaker(speaker, clean_name(name))
    return replace(document, speakers=tuple(renamed if one.id == speaker else one for one in document.speakers))


def clean_name(name: str | None) -> str | None:
    """A name on one line, without invisible characters; None where nothing is left."""
    visible = [
        character
        for character in " ".join((name or "").split())
        if character not in _BIDI_CONTROLS and unicodedata.category(character) not in ("Cc", "Cs")
    ]
    return "".join(visible).strip() or None


def plain_text(document: Document) -> str:
    """The text, one line for each segment, without names and times: for searching."""
    return "\n".join(segment.text for segment in document.segments if segment.text)


def segment_to_json(segment: Segment) -> dict[str, Any]:
    return {
        "id": segment.id,
        "speaker": segment.speaker,
        "start": round(segment.start, 3),
        "end": round(segment.end, 3),
        "text": segment.text,
        "words": [word_to_json(word) for word in segment.words],
        "overlap": segment.overlap,
        "second_speaker": segment.second_speaker,
        "confidence": segment.confidence,
        "source": segment.source,
        "error": segment.error,
        **({"unsure": True} if segment.unsure else {}),
        **({"translation": segment.translation} if segment.translation else {}),
    }


def document_to_json(document: Document) -> dict[str, Any]:
    return {
        "duration": round(document.duration, 3),
        "language": document.language,
        "engines": dict(document.engines),
        "speakers": [{"id": speaker.id, "name": speaker.name} for speaker in document.speakers],
        "segments": [segment_to_json(segment) for segment in document.segments],
    }


def document_from_json(value: dict[str, Any]) -> Document:
    """Raises KeyError, TypeError or ValueError for anything `document_to_json` has not written."""
    segments = tuple(
        Segment(
            id=str(row["id"]),
            start=float(row["start"]),
            end=float(row["end"]),
            text=str(row["text"]),
            words=tuple(word_from_json(word) for word in row["words"]),
            speaker=row["speaker"],
            second_speaker=row["second_speaker"],
            overlap=bool(row["overlap"]),
            confidence=row["confidence"],
            source=str(row["source"]),
            error=row["error"],
            unsure=bool(row.get("unsure", False)),
            translation=str(row.get("translation", "")),
        )
        for row in value["segments"]
    )
    return Document(
        duration=float(value["duration"]),
        language=str(value["language"]),
        engines=tuple(sorted((str(stage), str(engine)) for stage, engine in value["engines"].items())),
        speakers=tuple(Speaker(str(row["id"]), row["name"]) for row in value["speakers"]),
        segments=segments,
    )
