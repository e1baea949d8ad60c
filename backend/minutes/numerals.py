"""Finds the numbers in a text by value, so that 三百万, 300万 and 3,000,000 are equal."""

import re
from decimal import Decimal, InvalidOperation

_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {
    "〇": 0,
    "两": 2,
    "俩": 2,
    "仨": 3,
}
_SMALL = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10**4, "亿": 10**8}
_HAN = "零〇一二两俩仨三四五六七八九十百千万亿"
_NUMBER = re.compile(
    rf"(?P<arabic>\d[\d,]{{0,30}}(?:\.\d{{1,10}})?)\s?(?P<unit>[十百千万亿]{{0,2}})|(?P<han>[{_HAN}]{{1,30}}(?:点[{_HAN}]{{1,10}})?)|(?P<half>半)"
)


def find_numbers(text: str) -> list[str]:
    """The values in order. A lone 一 is ignored: it is seldom a number."""
    found = []
    for match in _NUMBER.finditer(text):
        if match["arabic"]:
            found.append(_decimal_text(_arabic_value(match["arabic"]) * _unit(match["unit"])))
        elif match["half"]:
            found.append("0.5")
        elif match["han"] != "一":
            found.append(_decimal_text(_han_value(match["han"])))
    return found


def mask_numbers(text: str) -> str:
    """The text with every number replaced by 0."""
    return _NUMBER.sub("0", text)


def _arabic_value(text: str) -> Decimal:
    try:
        return Decimal(text.replace(",", ""))
    except InvalidOperation:
        return Decimal(0)


def _unit(text: str) -> int:
    value = 1
    for character in text:
        value *= (_SMALL | _LARGE)[character]
    return value


def _han_value(text: str) -> Decimal:
    whole, _, fraction = text.partition("点")
    value = Decimal(_whole(whole))
    if fraction:
        tail = "".join(str(_DIGITS[character]) for character in fraction if character in _DIGITS)
        unit = _unit("".join(character for character in fraction if character not in _DIGITS))
        value = (value + Decimal(f"0.{tail or 0}")) * unit
    return value


def _whole(text: str) -> int:
    if all(character in _DIGITS for character in text):
        return int("".join(str(_DIGITS[character]) for character in text))  # 二零二六
    total = part = digit = 0
    last = 1
    for character in text:
        if character in _DIGITS:
            digit = digit * 10 + _DIGITS[character]
            last = 1 if character in "零〇" else last
        elif character in _SMALL:
            part += (digit or 1) * _SMALL[character]
            digit, last = 0, _SMALL[character]
        elif character == "万":
            total += (part + digit or 1) * _LARGE[character]
            part, digit, last = 0, 0, _LARGE[character]
        else:
            total = (total + part + digit or 1) * _LARGE[character]
            part, digit, last = 0, 0, _LARGE[character]
    if digit < 10 and last >= 100:  # 三百五, 一万二
        digit *= last // 10
    return total + part + digit


def _decimal_text(value: Decimal) -> str:
    return f"{value.normalize():f}"
