from decimal import Decimal

import pytest

from backend.minutes.translation_guard import numbers_of, reason_of

SAID = "今年的预算是三百二十万，比去年多百分之十五。"


@pytest.mark.parametrize(
    ("source", "text", "language"),
    [
        (SAID, "This year's budget is 3.2 million, 15 % more than last year.", "en"),
        (SAID, "This year's budget is 3,200,000, fifteen (15) percent more than last year.", "en"),
        (SAID, "Das Budget dieses Jahres beträgt 3,2 Millionen, 15 % mehr als im letzten Jahr.", "de"),
        (SAID, "Das Budget dieses Jahres beträgt 3.200.000, 15 % mehr als im letzten Jahr.", "de"),
        (SAID, "今年の予算は320万で、昨年より15%多いです。", "ja"),
        (SAID, "올해 예산은 320만으로 작년보다 15% 많습니다.", "ko"),
        (SAID, "Le budget de cette année est de 3 200 000, soit 15 % de plus que l'an dernier.", "fr"),
        ("十一月三号见", "See you on November third", "en"),  # small numbers may be words
        ("我们用 Kubernetes", "Kubernetes を使います", "ja"),
        ("OK", "OK", "zh"),
        ("We ship version 2.5 on Friday", "周五发布2.5版", "zh"),
    ],
)
def test_a_faithful_translation_is_fine(source: str, text: str, language: str) -> None:
    assert reason_of(source, text, language) == ""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("This year's budget is 3.2 billion, 15 % more than last year.", "numbers"),
        ("This year's budget is 3.2 million, 50 % more than last year.", "numbers"),
        (SAID, "untranslated"),
        ("今年的 budget 是三百二十万，比去年多 15%。", "untranslated"),
        ("…", "missing"),
        ("See <b>this</b>, 3.2 million, 15 %.", "markup"),
        ("3.2 million, 15 %, see https://example.org/x for more.", "markup"),
        ("3,200,000 and 15. " + "Here is a long story about something else. " * 30, "length"),
    ],
)
def test_what_is_no_translation_has_a_reason(text: str, reason: str) -> None:
    assert reason_of(SAID, text, "en") == reason


def test_a_sentence_that_stayed_in_its_language_is_untranslated() -> None:
    said = "Let us look at the budget for the next quarter first"
    assert reason_of(said, said, "zh") == "untranslated"


def test_almost_nothing_for_a_long_text_is_too_short() -> None:
    assert reason_of("我们讨论一下下个季度的安排和人员。" * 10, "OK.", "en") == "length"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.500", "1500"),
        ("1.500", "1.5"),
        ("3.2 m", "3200000"),
        ("320万", "3200000"),
        ("2 tỷ", "2000000000"),
        ("5k", "5000"),
    ],
)
def test_numerals_are_read_as_they_may_be_meant(text: str, value: str) -> None:
    assert Decimal(value) in numbers_of(text)


def test_a_unit_that_only_begins_like_a_multiplier_is_none() -> None:
    assert Decimal(5_000_000) not in numbers_of("5 minutes")
