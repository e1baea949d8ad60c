"""Finds how the speakers of a transcript sound, as it is now: people merge, split and correct speakers."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from backend.people.vectors import Heard, unit, weighted_mean
from backend.speech.timeline import Turns
from backend.speech.types import Segment, Turn
from backend.speech.voices import Span, Voice

#: A voice belongs to a speaker who has this share of it; else the diarizer took two people for one voice.
_OWN_SHARE = 0.8
MAX_CLIPS = 3
#: Seconds of a clip to listen to.
_SHORTEST, _LONGEST = 1.0, 6.0


@dataclass(frozen=True, slots=True)
class SpeakerVoice:
    """How a speaker sounds; `clips` are up to three times in which nobody else speaks."""

    heard: Heard
    clips: tuple[Span, ...]


def voices_of_speakers(segments: Sequence[Segment], voices: Iterable[Voice]) -> dict[str, SpeakerVoice]:
    """By speaker id. A speaker may have several voices, which the diarizer took for different people. Speakers of whom
    no voice is known are missing."""
    said = Turns(Turn(one.speaker, one.start, one.end) for one in segments if one.speaker is not None)
    parts: dict[str, list[Heard]] = defaultdict(list)
    spans: dict[str, list[Span]] = defaultdict(list)
    for voice in voices:
        vector = unit(voice.vector)
        shares: dict[str, float] = defaultdict(float)
        for start, end in voice.spans:
            for speaker, seconds in said.shares(start, end).items():
                shares[speaker] += seconds
        owner = max(shares, key=shares.__getitem__, default=None)
        if vector is None or owner is None or shares[owner] < _OWN_SHARE * sum(shares.values()):
            continue
        parts[owner].append(Heard(vector, voice.seconds))
        spans[owner] += [span for span in voice.spans if set(said.shares(*span)) == {owner}]
    return {
        speaker: SpeakerVoice(mean, choose_clips(spans[speaker]))
        for speaker, heard in parts.items()
        if (mean := weighted_mean(heard)) is not None
    }


def choose_clips(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The longest spans, in the order of time; of a long one its middle."""
    longest = sorted((one for one in spans if one[1] - one[0] >= _SHORTEST), key=lambda one: one[0] - one[1])
    return tuple(sorted(_middle(span) for span in longest[:MAX_CLIPS]))


def _middle(span: Span) -> Span:
    spare = max(0.0, span[1] - span[0] - _LONGEST) / 2
    return round(span[0] + spare, 2), round(span[1] - spare, 2)
