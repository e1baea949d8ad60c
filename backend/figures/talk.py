"""Counts who spoke when, from the times of the words of a document. Pure.

Nobody's interruptions are counted: people who mark them by hand do not agree with each other."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from backend.speech.types import Segment
from backend.transcripts.document import Document

#: Words with less silence between them are one span.
SPAN_GAP_SECONDS = 1.0
#: Spans of one speaker with less silence between them, and nobody else, are one turn.
TURN_GAP_SECONDS = 2.0
#: Pauses of everybody that are longer are silence.
SILENCE_SECONDS = 2.0
#: Shorter overlaps are within the accuracy of the times of words.
OVERLAP_SECONDS = 0.3
#: Columns of the strip.
BINS = 200

_CHARACTER = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]|[^\W\u3400-\u9fff\uf900-\ufaff_]+")
_QUESTION = re.compile(r"[^。！？!?.…]*(?:[吗呢吧么][。！!….]|[吗呢吧么]$|[？?])")

_Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class SpeakerFigures:
    """Of one speaker; `speaker` is None for speech of which nobody knows who said it. Times in seconds."""

    speaker: str | None
    seconds: float  #: of spoken spans
    share: float  #: of the spoken seconds of all
    turns: int
    longest_turn: float
    characters: int  #: Chinese characters, and other words as one each, as they were heard
    characters_per_minute: float | None  #: of the spoken seconds; None without any
    questions: int  #: sentences that end in a question mark or 吗, 呢, 吧, 么
    strip: tuple[float, ...]  #: the share of each of `BINS` equal parts of the recording that this speaker spoke


@dataclass(frozen=True, slots=True)
class TalkFigures:
    speakers: tuple[SpeakerFigures, ...]  #: most seconds first
    speech: float  #: seconds in which anybody spoke
    silence: float  #: seconds of pauses longer than `SILENCE_SECONDS`
    overlap_at_least: float  #: seconds in which two spoke, as far as the text shows it


def talk_figures(document: Document) -> TalkFigures:
    spans = {speaker: _joined(_spans(document.segments, speaker), SPAN_GAP_SECONDS) for speaker in _speakers(document)}
    everybody = _joined([span for some in spans.values() for span in some], 0.0)
    duration = max([document.duration, *(end for _, end in everybody)])
    turns = _turns(spans)
    total = sum(_length(some) for some in spans.values())
    speakers = []
    for speaker, some in spans.items():
        said = [one for one in document.segments if one.speaker == speaker]
        seconds = _length(some)
        characters = sum(len(_CHARACTER.findall(one.text)) for one in said)
        mine = [end - start for owner, start, end in turns if owner == speaker]
        speakers.append(
            SpeakerFigures(
                speaker=speaker,
                seconds=seconds,
                share=seconds / total if total else 0.0,
                turns=len(mine),
                longest_turn=max(mine, default=0.0),
                characters=characters,
                characters_per_minute=characters * 60 / seconds if seconds else None,
                questions=sum(len(_QUESTION.findall(one.text.strip())) for one in said),
                strip=_strip(some, duration),
            )
        )
    pauses = pairwise([(0.0, 0.0), *everybody, (duration, duration)])
    return TalkFigures(
        tuple(sorted(speakers, key=lambda one: -one.seconds)),
        speech=_length(everybody),
        silence=sum(gap for one, other in pauses if (gap := other[0] - one[1]) > SILENCE_SECONDS),
        overlap_at_least=_overlap(list(spans.values())),
    )


def _speakers(document: Document) -> list[str | None]:
    spoke = {one.speaker for one in document.segments}
    known = [one.id for one in document.speakers if one.id in spoke]
    return [*known, *sorted((one for one in spoke if one not in known), key=str)]


def _spans(segments: Sequence[Segment], speaker: str | None) -> Iterator[_Span]:
    """Of the words; of a segment without words, the segment."""
    for segment in segments:
        if segment.speaker == speaker and segment.text.strip():
            times = [(word.start, word.end) for word in segment.words] or [(segment.start, segment.end)]
            yield from ((start, end) for start, end in times if end >= start)


def _joined(spans: Iterator[_Span] | Sequence[_Span], gap: float) -> list[_Span]:
    joined: list[_Span] = []
    for start, end in sorted(spans):
        if joined and start - joined[-1][1] <= gap:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


def _turns(spans: dict[str | None, list[_Span]]) -> list[tuple[str | None, float, float]]:
    turns: list[tuple[str | None, float, float]] = []
    in_order = sorted((start, end, str(speaker), speaker) for speaker, some in spans.items() for start, end in some)
    for start, end, _, speaker in in_order:
        if turns and turns[-1][0] == speaker and start - turns[-1][2] <= TURN_GAP_SECONDS:
            turns[-1] = speaker, turns[-1][1], max(end, turns[-1][2])
        else:
            turns.append((speaker, start, end))
    return turns


def _overlap(speakers: Sequence[Sequence[_Span]]) -> float:
    """The seconds in which at least two of them speak."""
    both = [
        (max(start, begin), min(end, stop))
        for number, some in enumerate(speakers)
        for others in speakers[number + 1 :]
        for start, end in some
        for begin, stop in others
        if min(end, stop) - max(start, begin) >= OVERLAP_SECONDS
    ]
    return _length(_joined(both, 0.0))


def _strip(spans: Sequence[_Span], duration: float) -> tuple[float, ...]:
    width = duration / BINS
    if not width:
        return (0.0,) * BINS
    bins = [0.0] * BINS
    for start, end in spans:
        for number in range(int(start / width), min(BINS, int(end / width) + 1)):
            bins[number] += max(0.0, min(end, (number + 1) * width) - max(start, number * width))
    return tuple(round(min(1.0, spoken / width), 3) for spoken in bins)


def _length(spans: Sequence[_Span]) -> float:
    return sum(end - start for start, end in spans)
