"""Numbers as people write them. The cases stand in number_cases.txt: what was heard, a tab, what is written."""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.speech.numbers import find_numbers
from backend.speech.numerals import integer_text
from backend.speech.spans import original_offset, rewrite

_LINES = (Path(__file__).parent / "number_cases.txt").read_text("utf-8").splitlines()
CASES = [tuple(line.split("\t")) for line in _LINES if line and not line.startswith("#")]
TRAPS = [heard for heard, written in CASES if heard == written]


@pytest.mark.parametrize(("heard", "written"), CASES)
def test_a_number_is_written_as_people_write_it(heard: str, written: str) -> None:
    assert written == rewrite(heard, find_numbers(heard))


def test_a_third_of_the_cases_are_words_and_estimates_that_stay() -> None:
    assert len(CASES) >= 350
    assert len(TRAPS) >= 130


@pytest.mark.parametrize("heard", [heard for heard, _ in CASES])
def test_every_change_can_be_taken_back(heard: str) -> None:
    spans = find_numbers(heard)
    written = rewrite(heard, spans)

    growth = 0
    for span in spans:
        start = span.start + growth
        assert span.text == written[start : start + len(span.text)]
        assert span.start == original_offset(spans, start)
        written_before, heard_before = written[:start], heard[: span.start]
        assert original_offset(spans, len(written_before)) == len(heard_before)
        growth += len(span.text) - (span.end - span.start)
    assert len(heard) == original_offset(spans, len(written))


@given(st.text(alphabet="零一二两三四五六七八九十百千万亿点分之年月日号块负幺半个几多第人，。A1 "))
def test_spans_are_in_order_and_inside_the_text(text: str) -> None:
    spans = find_numbers(text)

    position = 0
    for span in spans:
        assert position <= span.start < span.end <= len(text)
        assert span.text != text[span.start : span.end]
        position = span.end


@given(st.text())
def test_a_text_without_chinese_numerals_stays(text: str) -> None:
    if not set(text) & set("零〇一二两三四五六七八九十百千万亿幺负"):
        assert [] == find_numbers(text)


@given(st.integers(10, 10**12 - 1))
def test_every_integer_is_read_as_it_is_said(value: int) -> None:
    assert str(value) == integer_text(_said(value), units=False)


@pytest.mark.parametrize("text", ["一二三", "七八百", "三四十", "十百", "百", "万", "", "一百二三", "零"])
def test_what_is_no_numeral_or_an_estimate_has_no_value(text: str) -> None:
    assert integer_text(text) is None


def test_sentences_made_of_many_cases_are_read_case_by_case() -> None:
    draw = random.Random(7)
    for _ in range(200):
        chosen = [CASES[draw.randrange(len(CASES))] for _ in range(3)]
        heard, written = ("，".join(parts) for parts in zip(*chosen, strict=True))
        assert written == rewrite(heard, find_numbers(heard))


def _said(value: int) -> str:
    """An integer in Chinese, as the grammar has it."""
    if value >= 10**8:
        high, low = divmod(value, 10**8)
        return f"{_said_below(high)}亿" + _said_rest(low, 10**7)
    if value >= 10**4:
        high, low = divmod(value, 10**4)
        return f"{_said_below(high)}万" + _said_rest(low, 10**3)
    return _said_below(value)


def _said_rest(value: int, place: int) -> str:
    if value == 0:
        return ""
    return ("零" if value < place else "") + (
        _said(value) if value >= 10 or value < 1 else "一二三四五六七八九"[value - 1]
    )


def _said_below(value: int) -> str:
    text, zero = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = value // unit % 10
        if digit:
            text += ("零" if zero and text else "") + "零一二三四五六七八九"[digit] + name
        zero = not digit
    return text
