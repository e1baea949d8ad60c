"""Spans over a text: applied, taken back, kept away from ranges, and two lists of them made one."""

from hypothesis import given
from hypothesis import strategies as st

from backend.speech.spans import Span, compose, original_offset, outside, rewrite


@st.composite
def texts_with_spans(draw: st.DrawFn, text: str | None = None) -> tuple[str, list[Span]]:
    chosen = draw(st.text(alphabet="abcdef", max_size=12)) if text is None else text
    spans, position = [], 0
    while position < len(chosen):
        start = draw(st.integers(position, len(chosen)))
        end = draw(st.integers(start, min(len(chosen), start + 3)))
        if start < end:
            spans.append(Span(start, end, draw(st.text(alphabet="XYZ", min_size=1, max_size=4))))
        position = max(end, position + 1)
    return chosen, spans


@given(texts_with_spans())
def test_a_rewriting_is_taken_back_character_by_character(case: tuple[str, list[Span]]) -> None:
    text, spans = case
    written, growth = rewrite(text, spans), 0
    back = []

    for span in spans:
        start = span.start + growth
        end = start + len(span.text)
        assert span.text == written[start:end]
        growth += len(span.text) - (span.end - span.start)
        back.append(Span(start, end, text[span.start : span.end]))

    assert text == rewrite(written, back)


@given(texts_with_spans())
def test_offsets_outside_of_spans_are_exact(case: tuple[str, list[Span]]) -> None:
    text, spans = case
    written = rewrite(text, spans)

    offsets = [original_offset(spans, offset) for offset in range(len(written) + 1)]

    assert offsets == sorted(offsets)
    assert len(text) == offsets[-1]
    for offset, character in enumerate(written):
        if character.islower():  # not from a span
            assert character == text[offsets[offset]]


@given(texts_with_spans(), st.data())
def test_two_rewritings_in_a_row_are_one(case: tuple[str, list[Span]], data: st.DataObject) -> None:
    text, first = case
    middle = rewrite(text, first)
    _, second = data.draw(texts_with_spans(text=middle))

    both = compose(text, first, second)

    assert rewrite(middle, second) == rewrite(text, both)
    position = 0
    for span in both:
        assert position <= span.start < span.end <= len(text)
        position = span.end


def test_a_span_that_touches_a_protected_range_is_dropped() -> None:
    spans = [Span(0, 1, "x"), Span(1, 3, "y"), Span(4, 5, "z"), Span(6, 7, "w")]

    assert [spans[0], spans[2]] == outside(spans, [(2, 4), (6, 9)])
