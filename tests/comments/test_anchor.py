from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.comments.anchor import PlaceState, anchor_at, locate
from backend.speech.types import Segment

TEXT = "预算定为三百万，下周交方案，由王芳负责。"
SEGMENTS = (
    Segment("p1", 0.0, 4.0, "大家早上好，现在开会。"),
    Segment("p2", 4.0, 12.0, TEXT),
    Segment("p3", 12.0, 15.0, "好的，下周交方案。"),
)
START, END = TEXT.index("下周"), TEXT.index("，由")
ANCHOR = anchor_at(SEGMENTS[1], START, END, 7.0)


def where(segments: Sequence[Segment]) -> tuple[PlaceState, str | None, str]:
    """State, segment and the text that is marked now."""
    place = locate(segments, ANCHOR)
    text = next((one.text for one in segments if one.id == place.segment_id), "")
    return place.state, place.segment_id, text[place.start : place.end]


def with_text(text: str) -> list[Segment]:
    return [SEGMENTS[0], replace(SEGMENTS[1], text=text), SEGMENTS[2]]


def test_the_same_words_are_found_wherever_they_are_in_the_segment() -> None:
    assert where(SEGMENTS) == (PlaceState.SAME, "p2", "下周交方案")
    assert where(with_text("那么，" + TEXT)) == (PlaceState.SAME, "p2", "下周交方案")
    assert where(with_text("下周交方案？" + TEXT)) == (PlaceState.SAME, "p2", "下周交方案")
    assert locate(with_text("下周交方案？" + TEXT), ANCHOR).start == START + 6  # by what stands around it


def test_corrected_words_are_marked_between_what_stands_around_them() -> None:
    changed = TEXT.replace("下周交方案", "下下周交草案")

    assert where(with_text(changed)) == (PlaceState.CHANGED, "p2", "下下周交草案")
    assert where(with_text("完全不同的话")) == (PlaceState.CHANGED, "p2", "完全不同的话")


def test_the_words_are_found_after_a_split_and_after_a_merge() -> None:
    split = [SEGMENTS[0], Segment("p2", 4.0, 6.0, TEXT[:8]), Segment("n1", 6.0, 12.0, TEXT[8:]), SEGMENTS[2]]
    merged = [Segment("p1", 0.0, 12.0, SEGMENTS[0].text + TEXT), SEGMENTS[2]]

    assert where(split) == (PlaceState.MOVED, "n1", "下周交方案")
    assert where(merged) == (PlaceState.MOVED, "p1", "下周交方案")


def test_words_that_were_split_in_their_middle_are_marked_where_most_of_them_are() -> None:
    at = START + 3
    split = [SEGMENTS[0], Segment("p2", 4.0, 8.0, TEXT[:at]), Segment("n1", 8.0, 12.0, TEXT[at:])]

    assert where(split) == (PlaceState.MOVED, "p2", "下周交")


def test_what_is_gone_stays_at_its_time_and_takes_no_like_words_from_elsewhere() -> None:
    far = Segment("p9", 90.0, 95.0, "下周交方案")

    assert where([SEGMENTS[0], far]) == (PlaceState.GONE, "p1", "")
    assert locate([far], ANCHOR).segment_id is None
    assert locate([], ANCHOR).state is PlaceState.GONE


def test_a_segment_of_another_transcription_with_the_same_id_is_not_the_place() -> None:
    other = [Segment("p2", 60.0, 64.0, "别的内容"), Segment("p1", 0.0, 59.0, "开头")]

    assert locate(other, ANCHOR).state is PlaceState.GONE


@given(st.lists(st.text("预算下周交方案，", max_size=12), max_size=5), st.text("下周交方案，", min_size=1, max_size=5))
def test_a_place_never_lies_outside_its_segment(texts: list[str], quote: str) -> None:
    anchor = replace(ANCHOR, quote=quote, end=START + len(quote))
    segments = [Segment(f"p{n}", n * 3.0, n * 3.0 + 3, text) for n, text in enumerate(texts)]

    place = locate(segments, anchor)

    if place.segment_id is None:
        assert place.state is PlaceState.GONE
    else:
        text = next(one.text for one in segments if one.id == place.segment_id)
        assert 0 <= place.start <= place.end <= len(text)
        if place.state is PlaceState.SAME:
            assert text[place.start : place.end] == quote


@pytest.mark.parametrize(("start", "end"), [(0, 2), (len(TEXT) - 3, len(TEXT)), (0, len(TEXT))])
def test_a_quote_at_an_edge_of_the_segment_is_found_again(start: int, end: int) -> None:
    anchor = anchor_at(SEGMENTS[1], start, end, 4.0)

    assert locate(SEGMENTS, anchor).state is PlaceState.SAME
    assert (anchor.quote, locate(SEGMENTS, anchor).start) == (TEXT[start:end], start)
