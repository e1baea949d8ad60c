"""The numbers of a text by their value, so that 三百万, 300万 and 3,000,000 are equal, and 百分之三十 is 30%."""

import re
from decimal import Decimal

from backend.speech.numbers import find_numbers
from backend.speech.numerals import DIGITS, digits_text, integer_text
from backend.speech.spans import rewrite

_TOGETHER = {"俩": "2", "仨": "3"}
_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8}
_HAN = "".join((*DIGITS, *_TOGETHER, *_UNITS))
_NUMBER = re.compile(
    r"(?P<minus>负|(?<![0-9A-Za-z%])[-−])?(?:"
    r"(?P<arabic>\d[\d,]{0,30}(?:\.\d{1,12})?)\s?(?P<unit>[十百千万亿]{0,2})(?P<of>[%％‰])?"
    rf"|(?P<han>[{_HAN}]{{1,30}})|(?P<half>半))"
)


def number_values(text: str) -> list[str]:
    """The values in order. A percentage keeps its sign, and an estimate (七八) is not the number with its digits (78).
    A lone 一 is ignored: it is seldom a number."""
    return [value for match in _NUMBER.finditer(_written(text)) if (value := _value(match)) is not None]


def mask_numbers(text: str) -> str:
    """The text with every number replaced by 0."""
    return _NUMBER.sub("0", _written(text))


def _written(text: str) -> str:
    return rewrite(text, find_numbers(text))


def _value(match: re.Match[str]) -> str | None:
    minus = "-" if match["minus"] else ""
    if match["half"]:
        return minus + "0.5"
    if match["arabic"]:
        value = Decimal(match["arabic"].replace(",", ""))
        for unit in match["unit"]:
            value *= _UNITS[unit]
        return f"{minus}{value.normalize():f}{'%' if match['of'] == '％' else match['of'] or ''}"
    said = match["han"]
    if said == "一" and not minus:
        return None
    return minus + _han_value(said)


def _han_value(said: str) -> str:
    """What has no value stays as it was said: estimates, and units that stand alone."""
    if len(said) == 1 and said in _TOGETHER:
        return _TOGETHER[said]
    if (len(said) == 1 or len(said) > 2) and all(character in DIGITS for character in said):
        return str(int(digits_text(said)))
    return integer_text(said, units=False) or said
