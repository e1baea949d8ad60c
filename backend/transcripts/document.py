"""The document: speakers and segments, a value. Names are an overlay on stable speaker ids."""

from dataclasses import dataclass
from typing import Any

from backend.speech.types import Segment, word_from_json, word_to_json


@dataclass(frozen=True, slots=True)
class Speaker:
    """A voice in this document; `name` is what a person called it, if anybody did."""

    id: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """`duration` is that of the recording in seconds; `engines` says which engine made what, for the record."""

    duration: float
    speakers: tuple[Speaker, ...] = ()
    segments: tuple[Segment, ...] = ()
    language: str = "zh"
    engines: tuple[tuple[str, str], ...] = ()

    def speaker_name(self, speaker: str | None) -> str:
        """The given name, else 发言人 N by order in `speakers`, else 未知发言人."""
        for number, known in enumerate(self.speakers, 1):
            if known.id == speaker:
                return known.name or f"发言人 {number}"
        return "未知发言人"


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
