"""Every character gets a time, in order and inside its chunk, whatever times the recogniser returns."""

import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.engines.paraformer_tokens import join_tokens
from backend.engines.timestamps import in_order, spread, timed_words
from backend.speech.text import spoken_characters
from backend.speech.types import Word
from tests.engines.test_paraformer_tokens import TOKENS

_number = st.one_of(st.integers(-1000, 20_000), st.floats(allow_nan=True, allow_infinity=True), st.none(), st.just("x"))
_stamps = st.one_of(st.none(), st.lists(st.one_of(st.lists(_number, max_size=3), st.none()), max_size=12))
_text = st.lists(st.sampled_from(["今", "天", "hel@@", "lo", "7", "ok"]), max_size=10).map(" ".join)


@given(text=_text, stamps=_stamps, length=st.floats(min_value=0.01, max_value=30))
def test_any_times_become_ordered_times_inside_the_chunk(text: str, stamps: Any, length: float) -> None:
    words = timed_words(text, stamps, length)

    assert "".join(word.text for word in words) == text.replace(" ", "").replace("@@", "")
    for word in words:
        assert math.isfinite(word.start)
        assert 0 <= word.start <= word.end <= length + 1e-6
    for before, after in pairwise(words):
        assert before.end <= after.start + 1e-6


def test_milliseconds_become_seconds() -> None:
    assert timed_words("今 天", [[100, 300], [300, 550]], 1.0) == [Word("今", 0.1, 0.3), Word("天", 0.3, 0.55)]


def test_with_too_few_or_too_many_times_words_are_spread_evenly() -> None:
    for stamps in ([[400, 600], [600, 800]], [[400, 500], [500, 600], [600, 700], [700, 750], [750, 800]]):
        words = timed_words("一 二 三 四", stamps, 1.0)

        assert [(round(word.start, 3), round(word.end, 3)) for word in words] == [
            (0.4, 0.5),
            (0.5, 0.6),
            (0.6, 0.7),
            (0.7, 0.8),
        ]


def test_without_times_characters_are_spread_over_the_chunk() -> None:
    assert timed_words("一 二", None, 1.0) == [Word("一", 0.0, 0.5), Word("二", 0.5, 1.0)]


@pytest.mark.parametrize("bad", [[math.nan, 500], [9000, 9100], [300, 200], [50, 60], None, ["a", "b"]])
def test_one_invalid_time_does_not_affect_the_others(bad: Any) -> None:
    words = timed_words("一 二 三", [[100, 300], bad, [500, 700]], 1.0)

    assert words == [Word("一", 0.1, 0.3), Word("二", 0.3, 0.5), Word("三", 0.5, 0.7)]


def test_latin_subwords_are_joined_with_their_times() -> None:
    words = timed_words("说 hel@@ lo ok", [[0, 100], [100, 200], [200, 400], [400, 500]], 1.0)

    assert words == [Word("说", 0.0, 0.1), Word("hello", 0.1, 0.4), Word("ok", 0.4, 0.5)]


def test_what_stands_for_no_text_takes_its_time_with_it() -> None:
    words = timed_words("今 天 <unk> 开 会", [[0, 100], [100, 200], [200, 500], [500, 600], [600, 700]], 1.0)

    assert words == [Word("今", 0.0, 0.1), Word("天", 0.1, 0.2), Word("开", 0.5, 0.6), Word("会", 0.6, 0.7)]


@given(st.lists(st.sampled_from(TOKENS), max_size=40))
def test_every_character_lies_inside_the_time_of_its_own_token(tokens: list[str]) -> None:
    stamps = [[100 * at, 100 * at + 90] for at in range(len(tokens))]
    times = {at: (0.1 * at, 0.1 * at + 0.09) for at in range(len(tokens))}

    words = timed_words(" ".join(tokens), stamps, 60.0)

    expected = [
        (spoken_characters(text), times[own[0]][0], times[own[-1]][1])
        for text, own in join_tokens(tokens)
        if spoken_characters(text)
    ]
    assert "".join(text for text, _, _ in expected) == "".join(spoken_characters(word.text) for word in words)
    following = iter(words)
    for text, start, end in expected:
        said = ""
        while said != text:
            word = next(following)
            said += spoken_characters(word.text)
            assert start - 1e-6 <= word.start <= word.end <= end + 1e-6
    for before, after in pairwise(words):
        assert before.end <= after.start + 1e-6


def test_consecutive_digits_are_one_number() -> None:
    words = timed_words("1 2 楼", [[0, 100], [100, 200], [200, 300]], 1.0)

    assert words == [Word("12", 0.0, 0.2), Word("楼", 0.2, 0.3)]


def test_the_characters_of_a_word_share_its_time() -> None:
    assert spread("天气", 1.0, 2.0) == [Word("天", 1.0, 1.5), Word("气", 1.5, 2.0)]
    assert [word.text for word in spread("用app吧", 0.0, 1.0)] == ["用", "app", "吧"]


def test_tokens_without_characters_give_no_words() -> None:
    assert spread("。", 0.0, 1.0) == []


def test_overlapping_words_are_put_in_sequence() -> None:
    words = in_order([Word("一", 0.0, 1.0), Word("二", 0.8, 0.9), Word("三", 0.95, 2.0)])

    assert words == [Word("一", 0.0, 1.0), Word("二", 1.0, 1.0), Word("三", 1.0, 2.0)]
