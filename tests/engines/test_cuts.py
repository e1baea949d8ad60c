"""All speech is cut into pieces that no recogniser is too small for, and nothing at the cuts is lost or said twice."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.engines.cuts import Cut, cut, stitch
from backend.speech.types import Word

DURATION = 400.0

_moments = st.floats(min_value=-5, max_value=DURATION + 5)
_speech = st.lists(st.tuples(_moments, _moments), max_size=12)
_gaps = st.floats(min_value=0, max_value=10)
_targets = st.floats(min_value=0, max_value=60)


def _middle(start: float, end: float) -> float:
    return (start + end) / 2


@given(speech=_speech, gap=_gaps, target=_targets, where=st.floats(min_value=-1, max_value=2))
def test_cuts_cover_all_speech_once_in_order_and_within_bounds(
    speech: list[tuple[float, float]], gap: float, target: float, where: float
) -> None:
    cuts = cut(speech, DURATION, lambda start, end: start + where * (end - start), gap=gap, target=target)

    for this in cuts:
        assert 0 <= this.start <= this.first < this.last <= this.end <= DURATION
        assert this.end - this.start <= 30 + 1e-9
    for before, after in pairwise(cuts):
        assert before.last <= after.first + 1e-9
        # only neighbours of a forced cut hear the same second
        if before.end > after.start + 1e-9:
            assert before.last == after.first
            assert before.end - after.start == pytest.approx(1.0)
    for start, end in speech:
        start, end = max(start, 0.0), min(end, DURATION)
        covered = sum(max(0.0, min(end, this.last) - max(start, this.first)) for this in cuts)
        assert covered == pytest.approx(max(0.0, end - start), abs=1e-6)


def test_silence_gives_no_pieces() -> None:
    assert cut([], 60, _middle) == []
    assert cut([(5, 5), (7, 6)], 60, _middle) == []


def test_pieces_are_padded_but_never_over_the_neighbour_or_the_ends() -> None:
    cuts = cut([(0.1, 2.0), (2.1, 4.0), (10.0, 11.0)], 11.05, _middle)

    assert [(this.start, this.end) for this in cuts] == [
        (0.0, pytest.approx(2.05)),
        (pytest.approx(2.05), 4.2),
        (9.8, pytest.approx(11.05)),
    ]


def test_close_neighbours_are_joined_up_to_the_target() -> None:
    speech = [(0.0, 4.0), (4.5, 9.0), (9.5, 14.0), (20.0, 21.0)]

    cuts = cut(speech, 60, _middle, padding=0.0, gap=1.0, target=10.0)

    assert [(this.start, this.end) for this in cuts] == [(0.0, 9.0), (9.5, 14.0), (20.0, 21.0)]


def test_long_speech_is_cut_where_it_is_quietest() -> None:
    cuts = cut([(0.0, 40.0)], 40.0, lambda start, end: 21.5)

    assert cuts == [Cut(0.0, 22.0, 0.0, 21.5), Cut(21.0, 40.0, 21.5, 40.0)]


def test_pieces_too_short_for_their_overlap_are_refused() -> None:
    with pytest.raises(ValueError, match="overlaps"):
        cut([(0, 1)], 1, _middle, longest=3)


def _words(text: str, at: float, each: float = 0.25) -> list[Word]:
    return [Word(char, at + index * each, at + (index + 1) * each) for index, char in enumerate(text)]


def _text(stitched: list[tuple[Word, ...]]) -> str:
    return "".join(word.text for words in stitched for word in words)


LEFT, RIGHT = Cut(0.0, 10.5, 0.0, 10.0), Cut(9.5, 20.0, 10.0, 20.0)


@given(shift=st.floats(min_value=-0.1, max_value=0.1))
def test_a_character_both_pieces_hear_is_said_once_even_if_they_hear_it_at_other_times(shift: float) -> None:
    heard = [(LEFT, _words("明天的天气很好", 8.75)), (RIGHT, _words("天气很好我们去", 9.5 + shift))]

    assert _text(stitch(heard)) == "明天的天气很好我们去"


def test_pieces_that_agree_on_nothing_keep_what_lies_in_their_own_part() -> None:
    heard = [(LEFT, _words("甲乙丙丁", 9.5)), (RIGHT, _words("戊己庚辛", 9.5))]

    assert _text(stitch(heard)) == "甲乙庚辛"


def test_a_character_said_twice_a_moment_later_stays_twice() -> None:
    heard = [(LEFT, _words("对对", 9.5, 0.5)), (RIGHT, _words("对对好", 9.5, 0.5))]

    assert _text(stitch(heard)) == "对对好"


def test_pieces_that_do_not_overlap_are_left_alone() -> None:
    heard = [(Cut(0, 2, 0, 2), _words("好好", 1.5)), (Cut(2, 4, 2, 4), _words("好好", 2.0))]

    assert stitch(heard) == [tuple(words) for _, words in heard]


@given(
    text=st.lists(st.sampled_from("一二三四五六七八九十"), min_size=1, max_size=90).map("".join),
    quiet=st.floats(min_value=0, max_value=1),
)
def test_however_speech_is_cut_the_pieces_together_say_all_of_it(text: str, quiet: float) -> None:
    words = _words(text, 0.0, 1.0)
    cuts = cut([(0.0, len(text))], len(text), lambda start, end: start + quiet * (end - start))

    heard = [(this, [word for word in words if this.start <= word.start and word.end <= this.end]) for this in cuts]
    # a character that a cut goes through is heard whole by neither: it counts for the piece that holds its middle
    for this, own in heard:
        torn = [w for w in words if this.first <= (w.start + w.end) / 2 < this.last and w not in own]
        own += torn
        own.sort(key=lambda word: word.start)

    assert _text(stitch(heard)) == text
