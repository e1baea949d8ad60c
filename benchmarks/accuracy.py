"""The accuracy of a transcript, by standard packages: CER (jiwer), DER (pyannote.metrics), cpCER (meeteval)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import jiwer
import meeteval
from pyannote.core import Annotation
from pyannote.core import Segment as Span
from pyannote.metrics.diarization import DiarizationErrorRate

from backend.speech.numbers import find_numbers
from backend.speech.spans import rewrite
from backend.speech.text import spoken_characters
from backend.speech.types import Diarization, Sentence, Turn
from backend.transcripts.document import Document


@dataclass(frozen=True, slots=True)
class Utterance:
    """One line of the reference: who said what, from when to when."""

    speaker: str
    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Shares of one. `heard_cer` is the CER of the recogniser alone, which the pipeline may not exceed."""

    cer: float
    heard_cer: float
    der: float
    der_collar: float  #: with a tolerance of a quarter of a second around each boundary
    cp_cer: float
    speakers: int


def read_stm(path: Path) -> list[Utterance]:
    """A NIST STM file: name, channel, speaker, start, end, text."""
    rows = [line.split(" ", 5) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [Utterance(speaker, float(start), float(end), text) for _, _, speaker, start, end, text in rows]


def until(reference: list[Utterance], seconds: float) -> list[Utterance]:
    """The reference of the beginning of a recording. An utterance across the cut keeps all of its text."""
    return [replace(row, end=min(row.end, seconds)) for row in reference if row.start < seconds]


def text_error(reference: list[Utterance], text: str) -> float:
    """CER as a share of one."""
    return pooled_text_error([(reference, text)])


def pooled_text_error(texts: Iterable[tuple[list[Utterance], str]]) -> float:
    """CER over several recordings: wrong characters as a share of all that were said."""
    pairs = [
        (_plain("".join(row.text for row in sorted(reference, key=lambda row: row.start))), _plain(text))
        for reference, text in texts
    ]
    return float(jiwer.cer([said for said, _ in pairs], [written for _, written in pairs]))


def measure(
    document: Document, sentences: list[Sentence], diarization: Diarization, reference: list[Utterance]
) -> Accuracy:
    return Accuracy(
        cer=text_error(reference, "".join(segment.text for segment in document.segments)),
        heard_cer=text_error(reference, "".join(sentence.text for sentence in sentences)),
        der=diarization_error(turns_of(reference), diarization.turns),
        der_collar=diarization_error(turns_of(reference), diarization.turns, collar=0.25),
        cp_cer=_cp_cer(reference, document),
        speakers=len(document.speakers),
    )


def turns_of(reference: list[Utterance]) -> list[Turn]:
    return [Turn(row.speaker, row.start, row.end) for row in reference]


def diarization_error(truth: Iterable[Turn], guess: Iterable[Turn], *, collar: float = 0.0) -> float:
    """DER as a share of one; `collar` seconds on each side of a boundary are ignored."""
    # pyannote's collar is the whole width around a boundary
    return float(DiarizationErrorRate(collar=2 * collar)(_annotation(truth), _annotation(guess)))


def _annotation(turns: Iterable[Turn]) -> Annotation:
    annotation = Annotation()
    for number, turn in enumerate(turns):
        annotation[Span(turn.start, turn.end), number] = turn.voice
    return annotation


def _plain(text: str) -> str:
    """Numbers as people write them: one recogniser writes 2026, another 二零二六, and both are right."""
    return spoken_characters(rewrite(text, find_numbers(text))).lower()


def _cp_cer(reference: list[Utterance], document: Document) -> float:
    truth: dict[str, list[str]] = {}
    for row in sorted(reference, key=lambda row: row.start):
        truth.setdefault(row.speaker, []).append(_spaced(row.text))
    guess: dict[str, list[str]] = {}
    for segment in document.segments:
        guess.setdefault(segment.speaker or "unknown", []).append(_spaced(segment.text))
    joined = [{speaker: " ".join(texts) for speaker, texts in side.items()} for side in (truth, guess)]
    return float(meeteval.wer.cp_word_error_rate(joined[0], joined[1]).error_rate)


def _spaced(text: str) -> str:
    # meeteval counts words; make each character one.
    return " ".join(_plain(text))
