"""Speech is cut into chunks of limited length, and merging them neither loses nor repeats text."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.engines.chunking import AudioChunk, merge_overlaps, split_speech
from backend.speech.types import Word

DURATION = 400.0

_moments = st.floats(min_value=-5, max_value=DURATION + 5)
_speech = st.lists(st.tuples(_moments, _moments), max_size=12)
_gaps = st.floats(min_value=0, max_value=10)
_targets = st.floats(min_value=0, max_value=60)


def _middle(start: float, end: float) -> float:
    return (start + end) / 2


@given(speech=_speech, gap=_gaps, target=_targets, where=st.floats(min_value=-1, max_value=2))
def test_chunks_cover_all_speech_once_in_order_and_within_bounds(
    speech: list[tuple[float, float]], gap: float, target: float, where: float
) -> None:
    chunks = split_speech(speech, DURATION, lambda start, end: start + where * (end - start), gap=gap, target=target)

    for chunk in chunks:
        assert 0 <= chunk.start <= chunk.first < chunk.last <= chunk.end <= DURATION
        assert chunk.end - chunk.start <= 30 + 1e-9
    for before, after in pairwise(chunks):
        assert before.last <= after.first + 1e-9
        # only chunks on both sides of a cut in long speech overlap, by one second
        if before.end > after.start + 1e-9:
            assert before.last == after.first
            assert before.end - after.start == pytest.approx(1.0)
    for start, end in speech:
        start, end = max(start, 0.0), min(end, DURATION)
        covered = sum(max(0.0, min(end, chunk.last) - max(start, chunk.first)) for chunk in chunks)
        assert covered == pytest.approx(max(0.0, end - start), abs=1e-6)


def test_silence_gives_no_chunks() -> None:
    assert split_speech([], 60, _middle) == []
    assert split_speech([(5, 5), (7, 6)], 60, _middle) == []


def test_chunks_are_padded_but_not_into_neighbours_or_past_the_ends() -> None:
    chunks = split_speech([(0.1, 2.0), (2.1, 4.0), (10.0, 11.0)], 11.05, _middle)

    assert [(chunk.start, chunk.end) for chunk in chunks] == [
        (0.0, pytest.approx(2.05)),
        (pytest.approx(2.05), 4.2),
        (9.8, pytest.approx(11.05)),
    ]


def test_close_intervals_are_joined_up_to_the_target() -> None:
    speech = [(0.0, 4.0), (4.5, 9.0), (9.5, 14.0), (20.0, 21.0)]

    chunks = split_speech(speech, 60, _middle, padding=0.0, gap=1.0, target=10.0)

    assert [(chunk.start, chunk.end) for chunk in chunks] == [(0.0, 9.0), (9.5, 14.0), (20.0, 21.0)]


def test_long_speech_is_cut_at_the_quietest_place() -> None:
    chunks = split_speech([(0.0, 40.0)], 40.0, lambda start, end: 21.5)

    assert chunks == [AudioChunk(0.0, 22.0, 0.0, 21.5), AudioChunk(21.0, 40.0, 21.5, 40.0)]


def test_the_repr_of_a_chunk_does_not_change() -> None:
    """It is part of the fingerprint of checkpoints: with another one, unfinished jobs would start over."""
    assert repr([AudioChunk(0.0, 22.0, 0.5, 21.5)]) == "[Cut(start=0.0, end=22.0, first=0.5, last=21.5)]"


def test_chunks_too_short_for_their_overlap_are_refused() -> None:
    with pytest.raises(ValueError, match="overlaps"):
        split_speech([(0, 1)], 1, _middle, longest=3)


def _words(text: str, at: float, each: float = 0.25) -> list[Word]:
    return [Word(char, at + index * each, at + (index + 1) * each) for index, char in enumerate(text)]


def _text(merged: list[tuple[Word, ...]]) -> str:
    return "".join(word.text for words in merged for word in words)


LEFT, RIGHT = AudioChunk(0.0, 10.5, 0.0, 10.0), AudioChunk(9.5, 20.0, 10.0, 20.0)


@given(shift=st.floats(min_value=-0.1, max_value=0.1))
def test_a_character_in_both_chunks_is_kept_once_even_at_different_times(shift: float) -> None:
    recognised = [(LEFT, _words("明天的天气很好", 8.75)), (RIGHT, _words("天气很好我们去", 9.5 + shift))]

    assert _text(merge_overlaps(recognised)) == "明天的天气很好我们去"


def test_chunks_without_a_common_character_keep_their_own_spans() -> None:
    recognised = [(LEFT, _words("甲乙丙丁", 9.5)), (RIGHT, _words("戊己庚辛", 9.5))]

    assert _text(merge_overlaps(recognised)) == "甲乙庚辛"


def test_a_character_spoken_twice_in_a_row_stays_twice() -> None:
    recognised = [(LEFT, _words("对对", 9.5, 0.5)), (RIGHT, _words("对对好", 9.5, 0.5))]

    assert _text(merge_overlaps(recognised)) == "对对好"


def test_chunks_that_do_not_overlap_are_unchanged() -> None:
    recognised = [(AudioChunk(0, 2, 0, 2), _words("好好", 1.5)), (AudioChunk(2, 4, 2, 4), _words("好好", 2.0))]

    assert merge_overlaps(recognised) == [tuple(words) for _, words in recognised]


@given(
    text=st.lists(st.sampled_from("一二三四五六七八九十"), min_size=1, max_size=90).map("".join),
    quiet=st.floats(min_value=0, max_value=1),
)
def test_merged_chunks_contain_the_whole_text_wherever_it_is_cut(text: str, quiet: float) -> None:
    words = _words(text, 0.0, 1.0)
    chunks = split_speech([(0.0, len(text))], len(text), lambda start, end: start + quiet * (end - start))

    recognised = [
        (chunk, [word for word in words if chunk.start <= word.start and word.end <= chunk.end]) for chunk in chunks
    ]
    # a character at the edge of a chunk is complete in neither: it is given to the chunk that contains its middle
    for chunk, own in recognised:
        split = [w for w in words if chunk.first <= (w.start + w.end) / 2 < chunk.last and w not in own]
        own += split
        own.sort(key=lambda word: word.start)

    assert _text(merge_overlaps(recognised)) == text
