"""Checks translations: refuses what is no translation, and marks numbers that differ from the text.

A polish refuses other numbers. A translation may write them in words of any language, so they are only marked."""

import re
from decimal import Decimal

from backend.minutes.cleaning import sanitize_answer
from backend.speech.numbers import find_numbers
from backend.speech.spans import rewrite
from backend.speech.text import characters, spoken_characters

#: Reasons, as they are stored.
MISSING = "missing"
MARKUP = "markup"
LENGTH = "length"
UNTRANSLATED = "untranslated"
NUMBERS = "numbers"

#: With these there is no translation.
REFUSED = frozenset({MISSING, MARKUP, LENGTH, UNTRANSLATED})

_HAN_LANGUAGES = frozenset({"zh", "ja"})
#: Smaller numbers are often words (three, third, November).
_LEAST_CHECKED = 13
_NUMBER = re.compile(r"\d(?:[\d.,']|\s(?=\d{3}(?!\d)))*")
#: What a number is multiplied by, where the word behind it begins like this.
_MULTIPLIERS = {
    10**12: "trillion billón 兆 조",
    10**9: "billion bn milliard miliard мільярд миллиард bilhõ bilhã tỷ tỉ مليار",
    10**8: "亿 億 억",
    10**6: "million mln mio millón millones milhõ milhã milioni milion миллион мільйон triệu juta مليون m",
    10**4: "万 萬 만 wan",
    10**3: "thousand tausend mille mil тысяч тисяч nghìn ngàn ribu bin duizend tysi ألف k",
}
_HAN = re.compile(r"[\u3400-\u9fff]")


def reason_of(source: str, text: str, language: str) -> str:
    """Why `text` is no translation of `source` into `language`, or what is doubtful in it; empty where it is fine."""
    if not spoken_characters(text):
        return MISSING
    if sanitize_answer(text, 20_000) != " ".join(text.split()):
        return MARKUP
    if _is_untranslated(source, text, language):
        return UNTRANSLATED
    before, after = len(characters(source)), len(characters(text))
    if after > 6 * before + 12 or after < 0.12 * before - 3:
        return LENGTH
    written = numbers_of(text)
    if any(max(readings) >= _LEAST_CHECKED and not readings & written for readings in _numerals(source)):
        return NUMBERS
    return ""


def numbers_of(text: str) -> set[Decimal]:
    """The values that the numbers of a text may have: 3.2 million is 3200000, and 1.500 is 1.5 or 1500."""
    return set().union(*_numerals(text))


def _numerals(text: str) -> list[set[Decimal]]:
    """The values that each numeral of a text may have; numbers in Chinese characters are read as well."""
    text = rewrite(text, find_numbers(text))
    return [
        {number * _factor(text[found.end() :].lstrip().lower()) for number in _readings(found[0])}
        for found in _NUMBER.finditer(text)
    ]


def _factor(following: str) -> int:
    for factor, words in _MULTIPLIERS.items():
        for word in words.split():
            if following.startswith(word) and not (word in ("m", "k") and following[1:2].isalpha()):
                return factor
    return 1


def _readings(numeral: str) -> set[Decimal]:
    """With points and commas as marks of thousands or of decimals."""
    digits = re.sub(r"[\s']", "", numeral).strip(".,")
    readings = {Decimal(re.sub(r"[.,]", "", digits))}
    whole, mark, fraction = digits.replace(",", ".").rpartition(".")
    if mark:
        readings.add(Decimal(f"{whole.replace('.', '') or 0}.{fraction}"))
    return readings


def _is_untranslated(source: str, text: str, language: str) -> bool:
    han = len(_HAN.findall(text)) / len(spoken_characters(text))
    if language in _HAN_LANGUAGES:
        # Names, codes and single words stay as they are.
        return han < 0.2 and len(characters(text)) > 6 and text.lower() == source.lower()
    return han > 0.3
