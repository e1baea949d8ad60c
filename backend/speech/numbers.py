"""Spoken Mandarin numbers as people write them: inverse text normalization (ITN), as spans over what was heard.

The text is never changed in place: `find_numbers` gives spans, and `backend.speech.spans.rewrite` applies them to a
view or an export.

- A single digit stays as it was said (三个, 第二), except beside its date, time or price: 3月5日, 下午3点20分.
- 万 and 亿 stay as units (320万, 3.5万), dates keep 年月日, times keep 点.
- An estimate stays an estimate: 七八个, 三四十万, 十几, 一百二三.
- A word stays a word: 十分, 万一, 千万, 一千零一夜, 双十一.
"""

import re
from collections.abc import Callable

from backend.speech.number_words import CLOCK_BEFORE, FIXED_WORDS, LABELS_BEFORE, MEASURES
from backend.speech.numerals import DIGITS, decimal_text, digits_text, integer_text
from backend.speech.spans import Span


def find_numbers(text: str) -> list[Span]:
    """The spans in their order; none is empty and none overlaps another."""
    spans: list[Span] = []
    position = 0
    while (candidate := _BEGINNING.search(text, position)) is not None:
        start = candidate.start()
        if (word := _FIXED.match(text, start)) is not None:
            position = word.end()
            continue
        for pattern, write in _RULES:
            if (match := pattern.match(text, start)) is not None and (found := write(match)) is not None:
                spans += found
                position = match.end()
                break
        else:
            # Nothing of this number is rewritten, so no rule may begin inside it.
            position = _ANY_NUMBER.match(text, start).end()  # type: ignore[union-attr]
    return spans


_Found = list[Span] | None  #: None: the rule does not hold here, and the next one is tried

_D = "零〇一二三四五六七八九"
_N = _D + "两十百千万亿"
_ANY = _N + "幺点"
_BEGINNING = re.compile(f"(?<![{_N}幺])(?:[{_D}两幺十]|[百千]分之|负(?=[{_D}两十])|[百千万](?=[一-鿿]))")
_ANY_NUMBER = re.compile(f"[{_N}幺负]+|.")
_FIXED = re.compile("|".join(FIXED_WORDS))
_NUMBER = rf"(?:[{_N}]{{1,24}}点[{_D}]{{1,12}}[万亿]?(?![{_D}十百千])|[{_N}]{{1,24}})"
_MONTH = "(?:十[一二]?|[一二三四五六七八九])"
_DAY = "(?:二?十[一二三四五六七八九]?|三十一?|[一二三四五六七八九])"
_DAY_ALONE = f"(?:二?十[一二三四五六七八九]|二十|三十一?)(?![{_N}幺点个多来几])"
_HOUR = "(?:二十[一二三四]?|十[一二三四五六七八九]?|[零一二两三四五六七八九])"
_MINUTE = "(?:[二三四五]?十[一二三四五六七八九]?|零[一二三四五六七八九])"
_END = f"(?![{_N}幺])"


def _span(match: re.Match[str], group: str, text: str | None) -> list[Span]:
    """No span where nothing would change."""
    if text is None or text == match[group]:
        return []
    return [Span(match.start(group), match.end(group), text)]


def _integer(text: str) -> str | None:
    """Digits alone, 万 and 亿 written out: what stands before 年, 月, 点 or 块."""
    return digits_text(text) if text in DIGITS else integer_text(text, units=False)


def _number(text: str) -> str | None:
    return decimal_text(text) if "点" in text else integer_text(text)


def _percent(match: re.Match[str]) -> _Found:
    said = match["value"]
    value = "100" if said == "百" else digits_text(said) if said in DIGITS else _number(said)
    if value is None or value[-1] in "万亿":
        return None
    sign = "‰" if match["of"] == "千" else "%"
    return [Span(match.start(), match.end(), ("-" if match["minus"] else "") + value + sign)]


def _fraction(match: re.Match[str]) -> _Found:
    above, below = _integer(match["above"]), _integer(match["below"])
    return None if above is None or below is None else [Span(match.start(), match.end(), f"{above}/{below}")]


def _date(match: re.Match[str]) -> _Found:
    said = match["year"]
    if set(said) <= set(_D):
        if len(said) == 2 and not match["month"] and _estimated_years(said):
            return None
        year: str | None = digits_text(said)
    else:
        year = integer_text(said, units=False)
    if year is None:
        return None
    return _span(match, "year", year) + _month_and_day(match)


def _estimated_years(said: str) -> bool:
    """两三年 and 七八年 are estimates, and 一零年 is none."""
    first, second = int(digits_text(said[0])), int(digits_text(said[1]))
    return second == first + 1 or second == first


def _month_and_day(match: re.Match[str]) -> list[Span]:
    parts = [group for group in ("month", "day", "day_alone") if match.groupdict().get(group)]
    return [span for group in parts for span in _span(match, group, _integer(match[group]))]


def _month(match: re.Match[str]) -> _Found:
    if match.end() == match.end("month") + 1 and len(match["month"]) == 1 and match["month"] != "十":
        return []
    return _month_and_day(match)


def _clock(match: re.Match[str]) -> _Found:
    """三点 may count arguments: it is a time where the part of the day or the minutes are said."""
    before = match.string[max(0, match.start() - 6) : match.start()]
    hour, minute = match["hour"], match["minute"]
    in_minutes = minute is not None and (minute[0] != "零" or match.string.startswith("分", match.end()))
    if not (in_minutes or match["mark"] or CLOCK_BEFORE.search(before)):
        return None  # three arguments, or 3.05
    found = _span(match, "hour", _integer(hour))
    if minute:
        found += _span(match, "minute", digits_text(minute) if minute[0] == "零" else _integer(minute))
    return found


def _labelled(match: re.Match[str]) -> _Found:
    """Digits after 电话, 房间, 工号 and the like are read one by one."""
    if LABELS_BEFORE.search(match.string[max(0, match.start() - 8) : match.start()]) is None:
        return None
    return [Span(match.start(), match.end(), digits_text(match[0]))]


def _digits(match: re.Match[str]) -> _Found:
    return [Span(match.start(), match.end(), digits_text(match[0]))]


def _price(match: re.Match[str]) -> _Found:
    whole = _integer(match["whole"])
    if whole is None:
        return None
    return _span(match, "whole", whole) + _span(match, "rest", digits_text(match["rest"]))


def _counted(match: re.Match[str]) -> _Found:
    said, after = match["number"], match.string[match.end() : match.end() + 3]
    if said == "十" and not after.startswith(MEASURES):
        return None
    if (len(said) == 1 and said != "十") or after[:1] == "几":
        return None
    value = _number(said)
    if value is None:
        return None
    return [Span(match.start(), match.end(), ("-" if match["minus"] else "") + value)]


#: Tried in this order where a number begins; the first that holds decides.
_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], _Found]], ...] = (
    (re.compile(rf"(?P<of>[百千])分之(?P<minus>负?)(?P<value>{_NUMBER})"), _percent),
    (re.compile(rf"(?P<below>[{_N}]{{1,8}})分之(?P<above>[{_N}]{{1,8}})"), _fraction),
    (
        re.compile(
            rf"(?P<year>[{_D}]{{4}}|[{_D}]{{2}}|[一两]千(?:零?[{_D}]|零?[一二三四五六七八九]?十[{_D}]?)?)年"
            rf"(?!代)(?:(?P<month>{_MONTH})月(?:份)?(?:(?P<day>{_DAY})(?=[日号]))?)?"
        ),
        _date,
    ),
    (re.compile(rf"(?P<month>{_MONTH})月(?:(?P<day>{_DAY})(?=[日号])|(?P<day_alone>{_DAY_ALONE}))?"), _month),
    (
        re.compile(
            rf"(?P<hour>{_HOUR})点(?:(?P<minute>{_MINUTE}|[一二三四五六七八九](?=分(?!之|钟)))(?:(?=分)|{_END})"
            rf"|(?P<mark>半|整|钟|一刻|三刻|过(?=[一二三四五十])|前|左右|到(?={_HOUR}点)|至(?={_HOUR}点))|(?![{_D}]))"
        ),
        _clock,
    ),
    (re.compile("[五六七八九零〇][零〇五](?=后(?!天|来|面|悔|退|备))"), _digits),
    (re.compile(f"[{_D}幺]{{2,24}}{_END}(?!点)"), _labelled),
    (re.compile(f"(?=[{_D}幺]*[零〇幺])[{_D}幺]{{3,24}}{_END}(?!点)|[{_D}幺]{{7,24}}{_END}(?!点)"), _digits),
    (re.compile(rf"(?P<whole>[{_N}]{{1,12}})块(?P<rest>[一二三四五六七八九]{{1,2}})(?![{_ANY}个])"), _price),
    (re.compile(rf"(?P<minus>负?)(?P<number>{_NUMBER})"), _counted),
)
