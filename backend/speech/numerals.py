"""Chinese numerals to digits: what one numeral is worth, or None where it is an estimate or no number at all."""

import re

DIGITS = {character: str(value) for value, character in enumerate("零一二三四五六七八九")} | {
    "〇": "0",
    "两": "2",
    "幺": "1",
}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_SECTION = re.compile(
    r"(?:(?P<q>[一二两三四五六七八九])千)?(?:(?P<z1>零)?(?P<b>[一二两三四五六七八九])百)?"
    r"(?:(?P<z2>零)?(?P<s>[一二三四五六七八九]?)(?P<ten>十))?(?:(?P<z3>零)?(?P<g>[一二两三四五六七八九]))?"
)
_LARGE = {"万": 10**4, "亿": 10**8}


def digits_text(text: str) -> str:
    """Digits read one by one: 二零二六 is 2026. Raises KeyError for anything that is no digit."""
    return "".join(DIGITS[character] for character in text)


def decimal_text(text: str) -> str | None:
    """十二点五 is 12.5, 三点五万 is 3.5万."""
    whole, _, fraction = text.partition("点")
    unit = fraction[-1] if fraction[-1:] in _LARGE else ""
    digits = fraction.removesuffix(unit)
    value = digits_text(whole) if len(whole) == 1 and whole in DIGITS else integer_text(whole, units=False)
    if value is None or not digits or any(character not in DIGITS for character in digits):
        return None
    return f"{value}.{digits_text(digits)}{unit}"


def integer_text(text: str, *, units: bool = True) -> str | None:
    """三百二十万 is 320万, and 3200000 without `units`. A run of digits without 十百千万亿 is no numeral here."""
    value = _value(text)
    if value is None:
        return None
    if units and value >= 10**4:
        return _with_units(value, text)
    return str(value)


def _with_units(value: int, text: str) -> str:
    """The shortest form that loses nothing: 3.5万, 23.5万, 1.3亿, 12345, 2亿3456万."""
    if value >= 10**12 and value % 10**11 == 0:
        return _decimal(value, 10**12) + "万亿"
    if value >= 10**8:
        if value % 10**6 == 0:
            return _decimal(value, 10**8) + "亿"
        high, low = divmod(value, 10**8)
        return f"{high}亿" + (_with_units(low, text) if low >= 10**4 else str(low).zfill(8))
    if value % 1000 == 0:
        return _decimal(value, 10**4) + "万"
    return str(value)


def _decimal(value: int, unit: int) -> str:
    whole, rest = divmod(value, unit)
    return f"{whole}.{str(rest).zfill(len(str(unit)) - 1).rstrip('0')}" if rest else str(whole)


def _value(text: str) -> int | None:
    """By the grammar of numerals: 亿, 万 and up to four digits each, 零 only where a place is left out."""
    total, rest, last = 0, text, 10**9
    for unit, size in (("亿", 10**8), ("万", 10**4)):
        head, found, tail = rest.partition(unit)
        if not found:
            continue
        nested = unit == "亿" and "万" in head
        part = _value(head) if nested else _section(head.lstrip("零") if total else head)
        if part is None or not head:
            return None
        total, rest, last = total + part * size, tail, size
    if not any(unit in text for unit in "十百千万亿"):
        return None
    if not rest:
        return total
    if total and len(rest) == 1 and rest in DIGITS and rest not in "零两":
        return total + int(DIGITS[rest]) * last // 10  # 三万五, 一亿二
    part = _section(rest)
    return None if part is None else total + part


def _section(text: str) -> int | None:
    """Less than 10,000. 三百五 is 350; 三百零五 is 305."""
    match = _SECTION.fullmatch(text)
    if match is None or not text or text == "零":
        return None
    value = 0
    for group, unit in (("q", 1000), ("b", 100)):
        value += int(DIGITS[match[group]]) * unit if match[group] else 0
    if match["ten"]:
        value += int(DIGITS[match["s"]] if match["s"] else 1) * 10
    if match["g"]:
        digit = int(DIGITS[match["g"]])
        if match["ten"] or match["z3"] or not (match["q"] or match["b"]):
            value += digit
        elif match["g"] == "两":
            return None
        else:
            value += digit * (10 if match["b"] else 100)
    return value
