"""Windows: neighbouring pieces that are heard together."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from backend.engines.chunking import AudioChunk
from backend.engines.whisper_windows import LONGEST, pack
from backend.speech.types import Word


def chunk(start: float, end: float) -> AudioChunk:
    return AudioChunk(start, end, start, end)


@st.composite
def pieces(draw: st.DrawFn) -> list[AudioChunk]:
    found, at = [], 0.0
    for _ in range(draw(st.integers(0, 30))):
        at += draw(st.floats(0.0, 90.0))
        length = draw(st.floats(0.2, LONGEST))
        found.append(chunk(at, at + length))
        at += length
    return found


@given(pieces())
def test_every_piece_is_in_one_window_in_order_and_no_window_is_too_long(found: list[AudioChunk]) -> None:
    windows = pack(found)

    assert found == [piece for window in windows for piece in window.pieces]
    assert all(window.seconds <= LONGEST + 1e-6 for window in windows)


def test_neighbours_share_a_window_and_keep_half_a_second_of_their_pause() -> None:
    (window,) = pack([chunk(0.0, 4.0), chunk(10.0, 12.0), chunk(12.1, 15.0)])

    assert (0.0, 4.5, 6.6) == tuple(round(offset, 3) for offset in window.offsets)


def test_pieces_far_apart_do_not_share_a_window() -> None:
    assert 2 == len(pack([chunk(0.0, 4.0), chunk(70.0, 72.0)]))


def test_pieces_that_overlap_do_not_share_a_window() -> None:
    assert 2 == len(pack([chunk(0.0, 10.0), chunk(9.5, 15.0)]))


@given(pieces(), st.data())
def test_every_word_comes_back_inside_its_own_piece(found: list[AudioChunk], data: st.DataObject) -> None:
    for window in pack(found):
        times = sorted(data.draw(st.lists(st.floats(0.0, window.seconds), min_size=2, max_size=8)))
        words = [Word(str(at), start, end) for at, (start, end) in enumerate(pairwise(times))]

        placed = window.place(words)

        assert list(range(len(words))) == sorted(number for own in placed for number, _ in own)
        for piece, own in zip(window.pieces, placed, strict=True):
            assert all(piece.start <= word.start <= word.end <= piece.end for _, word in own)


def test_a_word_that_the_alignment_gave_the_pause_before_it_belongs_to_the_piece_behind_the_pause() -> None:
    (window,) = pack([chunk(0.0, 4.0), chunk(10.0, 12.0)])

    before, after = window.place([Word("标", 3.0, 3.8), Word("累", 3.8, 4.9)])

    assert ["标"] == [word.text for _, word in before]
    assert [Word("累", 10.0, 10.4)] == [Word(word.text, word.start, round(word.end, 3)) for _, word in after]


def test_a_window_splits_into_halves() -> None:
    (window,) = pack([chunk(0.0, 4.0), chunk(5.0, 6.0), chunk(7.0, 9.0)])

    assert [1, 2] == [len(half.pieces) for half in window.split()]
