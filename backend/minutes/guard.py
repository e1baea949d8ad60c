"""What a polish may not touch: numbers, names, negations, hotwords. A change that does is refused, with its reason."""

import difflib
import re
from collections import Counter
from collections.abc import Collection

from backend.minutes.cleaning import cleaned
from backend.minutes.numerals import masked, numbers_in
from backend.speech.text import bare

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
#: What somebody says before a name; how long the name is nobody can tell.
_INTRODUCED = re.compile(rf"(?:我是|我叫|我姓|这位是|有请|欢迎)([{_SURNAMES}][\u4e00-\u9fff]{{1,2}})")
_LATIN = re.compile(r"[A-Za-z][A-Za-z0-9'’.+#&_-]*")
_NOT = re.compile(r"[不没無无非未别勿莫甭否]|\b(?:not|no|never|none|without|cannot|[a-z]+n['’]t)\b", re.IGNORECASE)
#: Said twice by somebody who begins again: it denies once.
_AGAIN = re.compile(r"([不没未别])(?:[，,、。…\s]*\1)+")


def refusal(before: str, after: str, hotwords: Collection[str] = (), names: Collection[str] = ()) -> str | None:
    """Why `after` may not stand for `before`, or None where it may."""
    heard, written = bare(before), bare(after)
    if not written:
        return EMPTY
    if cleaned(after, 20_000) != " ".join(after.split()):
        return MARKUP
    if len(written) > 1.3 * len(heard) + 4 or len(written) < 0.4 * len(heard):
        return LENGTH
    if sorted(numbers_in(before)) != sorted(numbers_in(after)):
        return NUMBERS
    if _negations(before) != _negations(after):
        return NEGATION
    if any(heard.count(bare(word)) != written.count(bare(word)) for word in hotwords if bare(word)):
        return HOTWORDS
    if _names(before, names) != _names(after, names):
        return NAMES
    old, new = bare(masked(before)), bare(masked(after))
    alike = difflib.SequenceMatcher(None, old, new, autojunk=False)
    short = len(heard) < 2000
    if not _same_people(before, after) or (short and _another_surname(old, new, alike)):
        return NAMES
    if (alike.ratio() if short else alike.quick_ratio()) < 0.6:
        return REWRITTEN
    return None


def called(text: str) -> list[str]:
    """What people are called in it, by surname: 张总, 老李."""
    return _NAMES.findall(text)


def _negations(text: str) -> Counter[str]:
    return Counter(found.lower() for found in _NOT.findall(_AGAIN.sub(r"\1", text)))


def _names(text: str, known: Collection[str]) -> Counter[str]:
    latin = Counter(found.lower().rstrip(".") for found in _LATIN.findall(text))
    people = Counter(called(text))
    return latin + people + Counter({name: text.count(name) for name in known if name and name in text})


def _same_people(before: str, after: str) -> bool:
    """Whether those who are introduced are so still, and nobody else is."""
    known, now = _INTRODUCED.findall(before), _INTRODUCED.findall(after)
    kept = all(any(name.startswith(other) or other.startswith(name) for other in now) for name in known)
    return kept and all(name[:2] in before for name in now)


def _another_surname(before: str, after: str, alike: "difflib.SequenceMatcher[str]") -> bool:
    """Whether one surname stands where another stood: 王小明 does not become 李小明."""
    for kind, start, end, begin, stop in alike.get_opcodes():
        if kind == "replace":
            old, new = set(before[start:end]) & _FAMILIES, set(after[begin:stop]) & _FAMILIES
            if old and new and old != new:
                return True
    return False
