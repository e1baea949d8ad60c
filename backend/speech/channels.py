"""Combines the diarizer's voices with the channels: in a telephone call, each channel carries one person's voice."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from backend.speech.timeline import Turns
from backend.speech.types import Diarization, Turn

#: Share of a channel's speech, and seconds, from which a voice on it is a person of its own.
_OWN_SHARE, _OWN_SECONDS = 0.2, 5.0


def use_channels(diarization: Diarization, channel_turns: Sequence[Turn]) -> Diarization:
    """Who spoke when, if every channel carries other people: nobody is on two channels, and a channel on which the
    diarizer hears one voice is one person. `channel_turns` name the channels as voices; they may overlap."""
    voices = Turns(diarization.exclusive)
    persons = _persons(voices, channel_turns)
    turns = [
        Turn(f"{turn.voice}, {voice}" if len(persons[turn.voice]) > 1 else turn.voice, start, end)
        for turn in channel_turns
        for voice, start, end in _cut(turn, diarization.exclusive, persons[turn.voice])
    ]
    turns.sort(key=lambda turn: (turn.start, turn.end))
    return Diarization(turns=tuple(turns), exclusive=tuple(_exclusive(turns)))


def _persons(voices: Turns, channel_turns: Sequence[Turn]) -> dict[str, list[str]]:
    """The diarizer's voices that are persons on each channel, the most frequent first."""
    seconds: dict[str, dict[str, float]] = {turn.voice: defaultdict(float) for turn in channel_turns}
    for turn in channel_turns:
        for voice, share in voices.shares(turn.start, turn.end).items():
            seconds[turn.voice][voice] += share
    found: dict[str, list[str]] = {}
    for channel, shares in seconds.items():
        least = max(_OWN_SHARE * sum(shares.values()), _OWN_SECONDS)
        ordered = sorted(shares, key=lambda voice: -shares[voice])
        found[channel] = ordered[:1] + [voice for voice in ordered[1:] if shares[voice] >= least]
    return found


def _cut(turn: Turn, exclusive: Iterable[Turn], persons: Sequence[str]) -> Iterator[tuple[str, float, float]]:
    """The turn of a channel, cut where another person begins; what no person's voice claims belongs to the last."""
    if len(persons) < 2:
        yield turn.voice, turn.start, turn.end
        return
    inside = [one for one in exclusive if one.voice in persons and one.start < turn.end and one.end > turn.start]
    voice, start = (inside[0].voice if inside else persons[0]), turn.start
    for one in inside:
        if one.voice != voice:
            yield voice, start, max(one.start, start)
            voice, start = one.voice, max(one.start, start)
    yield voice, start, turn.end


def _exclusive(turns: Sequence[Turn]) -> Iterator[Turn]:
    """The turns without their overlaps: whoever speaks already keeps the word, and a longer turn goes on after."""
    end = 0.0
    for turn in turns:
        if turn.end > end:
            yield Turn(turn.voice, max(turn.start, end), turn.end)
            end = turn.end
