"""Refuses changes of a polish that touch numbers, names, negations or hotwords, with the reason."""

import difflib
import re
from collections import Counter
from collections.abc import Collection

from backend.minutes.cleaning import sanitize_answer
from backend.speech.number_values import mask_numbers, number_values
from backend.speech.text import spoken_characters

#: Reasons of a refusal, as they are stored.
EMPTY = "empty"
MARKUP = "markup"
LENGTH = "length"
NUMBERS = "numbers"
NAMES = "names"
NEGATION = "negation"
HOTWORDS = "hotwords"
REWRITTEN = "rewritten"

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
_FAMILIES = frozenset(_SURNAMES)
_TITLES = (
    "总监|总|工程师|工|经理|主任|老师|博士|教授|院长|部长|处长|局长|科长|厂长|书记|董事长|董|校长|秘书"
    "|律师|医生|先生|女士|小姐|同学|哥|姐"
)
_NAMES = re.compile(rf"[{_SURNAMES}](?:{_TITLES})|[小老][{_SURNAMES}]")
#: Phrases that introduce a name. The length of the name is unknown.
_INTRODUCTION = re.compile(rf"(?:我是|我叫|我姓|这位是|有请|欢迎)([{_SURNAMES}][\u4e00-\u9fff]{{1,2}})")
_LATIN = re.compile(r"[A-Za-z][A-Za-z0-9'’.+#&_-]*")
_NEGATION = re.compile(r"[不没無无非未别勿莫甭否]|\b(?:not|no|never|none|without|cannot|[a-z]+n['’]t)\b", re.IGNORECASE)
#: A negation repeated by a speaker who starts again counts once.
_REPEATED_NEGATION = re.compile(r"([不没未别])(?:[，,、。…\s]*\1)+")


def refusal_reason(before: str, after: str, hotwords: Collection[str] = (), names: Collection[str] = ()) -> str | None:
    """Why `before` may not become `after`, or None where it may."""
    spoken, written = spoken_characters(before), spoken_characters(after)
    if not written:
        return EMPTY
    if sanitize_answer(after, 20_000) != " ".join(after.split()):
        return MARKUP
    if len(written) > 1.3 * len(spoken) + 4 or len(written) < 0.4 * len(spoken):
        return LENGTH
    if sorted(number_values(before)) != sorted(number_values(after)):
        return NUMBERS
    if _negations(before) != _negations(after):
        return NEGATION
    if any(
        spoken.count(spoken_characters(word)) != written.count(spoken_characters(word))
        for word in hotwords
        if spoken_characters(word)
    ):
        return HOTWORDS
    if _names(before, names) != _names(after, names):
        return NAMES
    old, new = spoken_characters(mask_numbers(before)), spoken_characters(mask_numbers(after))
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    short = len(spoken) < 2000
    if not _same_introductions(before, after) or (short and _surname_replaced(old, new, matcher)):
        return NAMES
    if (matcher.ratio() if short else matcher.quick_ratio()) < 0.6:
        return REWRITTEN
    return None


def titled_names(text: str) -> list[str]:
    """Names made of a surname and a title or prefix: 张总, 老李."""
    return _NAMES.findall(text)


def _negations(text: str) -> Counter[str]:
    return Counter(found.lower() for found in _NEGATION.findall(_REPEATED_NEGATION.sub(r"\1", text)))


def _names(text: str, known: Collection[str]) -> Counter[str]:
    latin = Counter(found.lower().rstrip(".") for found in _LATIN.findall(text))
    people = Counter(titled_names(text))
    return latin + people + Counter({name: text.count(name) for name in known if name and name in text})


def _same_introductions(before: str, after: str) -> bool:
    """Whether the same people are introduced in both texts."""
    known, now = _INTRODUCTION.findall(before), _INTRODUCTION.findall(after)
    preserved = all(any(name.startswith(other) or other.startswith(name) for other in now) for name in known)
    return preserved and all(name[:2] in before for name in now)


def _surname_replaced(before: str, after: str, matcher: "difflib.SequenceMatcher[str]") -> bool:
    """Whether a surname was replaced by another one: 王小明 must not become 李小明."""
    for kind, start, end, begin, stop in matcher.get_opcodes():
        if kind == "replace":
            old, new = set(before[start:end]) & _FAMILIES, set(after[begin:stop]) & _FAMILIES
            if old and new and old != new:
                return True
    return False
