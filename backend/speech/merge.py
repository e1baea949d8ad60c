"""Merges sentences and turns into segments: who said what, and when, character by character.

1. Each character gets the voice of the exclusive turn it overlaps most, or of a turn within half a second, or none.
2. A short run of another voice inside one speaker's text, an error of the diarizer, is given to that speaker.
3. Speaker changes move to a nearby punctuation mark or pause.
4. Characters spoken while several voices are active are marked as overlap, with the second speaker.
5. Text is cut at speaker changes and long pauses; segments that are still too long, at the end of a sentence.
6. Each segment gets a confidence of its speaker.

Steps 1 to 3 are in `backend.speech.attribution`. No character is lost, added or moved.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from backend.speech.attribution import attribute
from backend.speech.pieces import Piece, split_into_pieces
from backend.speech.timeline import ActiveVoices, Turns
from backend.speech.types import Diarization, Segment, Sentence

#: A silence longer than this, in seconds, ends a segment.
LONG_PAUSE = 1.5

#: Characters of a segment, including punctuation; only a single word may be longer.
LONGEST = 60


@dataclass(frozen=True, slots=True)
class MergeResult:
    """`voices[i]` is the diarizer's label of speaker `S{i + 1}`: first those who have text, in order of appearance,
    then those who appear only as second speakers."""

    voices: tuple[str, ...]
    segments: tuple[Segment, ...]


def merge(sentences: Sequence[Sentence], diarization: Diarization) -> MergeResult:
    """Sentences must be in the order they were spoken. Without turns every speaker is unknown. A sentence that could
    not be recognised becomes a segment of its own with its error."""
    pieces = split_into_pieces(sentences)
    turns, active_voices = Turns(diarization.exclusive), ActiveVoices(diarization.turns)
    voices = attribute(pieces, turns, active_voices)
    drafts = [_draft(voice, group, turns, active_voices) for voice, group in _segments(pieces, voices)]
    speakers = [draft.speaker for draft in drafts] + [draft.second_speaker for draft in drafts]
    ordered = tuple(dict.fromkeys(voice for voice in speakers if voice is not None))
    ids: dict[str | None, str] = {voice: f"S{number}" for number, voice in enumerate(ordered, 1)}
    return MergeResult(
        voices=ordered,
        segments=tuple(
            Segment(
                id=f"p{number}",
                start=draft.pieces[0].start,
                end=draft.pieces[-1].end,
                text="".join(piece.text for piece in draft.pieces).strip(),
                words=tuple(word for piece in draft.pieces for word in piece.words),
                speaker=ids.get(draft.speaker),
                second_speaker=ids.get(draft.second_speaker),
                overlap=draft.overlap,
                confidence=draft.confidence,
                unsure=any(piece.unsure for piece in draft.pieces),
                error=draft.pieces[0].error,
            )
            for number, draft in enumerate(drafts, 1)
        ),
    )


@dataclass(frozen=True, slots=True)
class _Draft:
    """A segment whose speakers are still the diarizer's labels."""

    pieces: Sequence[Piece]
    speaker: str | None
    second_speaker: str | None
    overlap: bool
    confidence: float | None


def _segments(pieces: Sequence[Piece], voices: Sequence[str | None]) -> Iterator[tuple[str | None, Sequence[Piece]]]:
    """Step 5: the pieces of each segment, with their one voice."""
    breaks = 0
    keys: list[tuple[int, str | None]] = []
    for index, piece in enumerate(pieces):
        before = pieces[index - 1] if index else piece
        if piece.error or before.error or piece.unsure != before.unsure or piece.start - before.end > LONG_PAUSE:
            breaks += 1
        keys.append((breaks, voices[index]))
    first = 0
    for (_, voice), group in groupby(keys):
        end = first + sum(1 for _ in group)
        for part in _short(pieces[first:end]):
            yield voice, part
        first = end


def _short(pieces: Sequence[Piece]) -> Iterator[Sequence[Piece]]:
    first = length = 0
    for index, piece in enumerate(pieces):
        length += len(piece.text)
        while length > LONGEST and index > first:
            cut = _cut(pieces, first, index)
            yield pieces[first:cut]
            length -= sum(len(piece.text) for piece in pieces[first:cut])
            first = cut
    yield pieces[first:]


def _cut(pieces: Sequence[Piece], first: int, last: int) -> int:
    """The best place to cut before piece `last`: after a sentence, else after a clause in the second half."""
    places = range(last, first, -1)
    for place in places:
        if pieces[place - 1].ends_sentence:
            return place
    for place in places[: (len(places) + 1) // 2]:
        if pieces[place - 1].ends_clause:
            return place
    return last


def _draft(voice: str | None, pieces: Sequence[Piece], turns: Turns, active_voices: ActiveVoices) -> _Draft:
    """Steps 4 and 6."""
    active = [active_voices.at((piece.start + piece.end) / 2) for piece in pieces if not piece.error]
    overlaps = [voices for voices in active if len(voices) > 1]
    others = Counter(other for voices in overlaps for other in sorted(voices) if other != voice)
    return _Draft(
        pieces=pieces,
        speaker=voice,
        second_speaker=others.most_common(1)[0][0] if voice is not None and others else None,
        overlap=bool(overlaps),
        confidence=None if voice is None else _confidence(voice, pieces, turns),
    )


def _confidence(voice: str, pieces: Sequence[Piece], turns: Turns) -> float:
    total = sum(piece.end - piece.start for piece in pieces)
    if total <= 0:  # words without a duration count as inside or outside a turn
        return round(sum(turns.voice(piece.start, piece.end) == voice for piece in pieces) / len(pieces), 3)
    own = sum(turns.shares(piece.start, piece.end).get(voice, 0.0) for piece in pieces)
    return round(min(own / total, 1.0), 3)
