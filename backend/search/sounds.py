"""What sounds like a word: the same syllables in other characters, or their pinyin or initials as they are typed.

A reading has no tone, and ü is v. Readings of characters are pypinyin's."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from itertools import pairwise, product

from backend.search.folding import is_dense

_MOST_READINGS = 2
_MOST_SYLLABLES = 8
_MOST_INITIALS = 4
_MOST_SPLITS = 4


@dataclass(frozen=True, slots=True)
class Sound:
    """Syllables that follow each other, at least two; for each, the readings that it may have.

    `initials`: each is only the first letter of a reading. `open`: of the last, only the beginning was typed."""

    syllables: tuple[tuple[str, ...], ...]
    initials: bool = False
    open: bool = False

    def terms(self) -> list[list[tuple[str, bool]]]:
        """For each pair of syllables the terms that a text has one of; whether each is only the beginning of one."""
        if self.initials:
            return [[(f"s{one}{other}", True)] for (one,), (other,) in _pairs(self.syllables)]
        last = len(self.syllables) - 2
        found = []
        for at, pair in enumerate(_pairs(self.syllables)):
            half = self.open and at == last
            found.append([(_pair(*both) + "0" * (not half), half) for both in product(*pair)])
        return found

    def places(self, folded: str) -> list[tuple[int, int]]:
        """Where a folded text sounds so: starts and ends, without overlaps."""
        found: list[tuple[int, int]] = []
        length = len(self.syllables)
        at = 0
        while at + length <= len(folded):
            if all(self._fits(number, folded[at + number]) for number in range(length)):
                found.append((at, at + length))
                at += length
            else:
                at += 1
        return found

    def _fits(self, number: int, character: str) -> bool:
        wanted = self.syllables[number]
        if self.initials or (self.open and number == len(self.syllables) - 1):
            return any(reading.startswith(one) for reading in readings(character) for one in wanted)
        return any(reading in wanted for reading in readings(character))


def terms(run: str) -> Iterator[str]:
    """The terms of a run of characters: one for each pair of neighbours and each way to read it."""
    for one, other in _pairs([readings(character) for character in run]):
        for first, second in product(one, other):
            yield _pair(first, second) + "0"


@lru_cache(maxsize=100_000)
def readings(character: str) -> tuple[str, ...]:
    """The commonest readings of a character, the first first; none for what is no Chinese character."""
    if not is_dense(character):
        return ()
    (found,) = _pinyin()(character) or [[]]
    known = dict.fromkeys(one.replace("ü", "v") for one in found)
    return tuple(one for one in known if one.isascii() and one.isalpha())[:_MOST_READINGS]


def sounds(word: str) -> list[Sound]:
    """How a folded word may be meant: as characters by their sound, as pinyin, or as initials. Empty where it has no
    sound to look for, as a single character has none."""
    if all(is_dense(one) for one in word):
        syllables = tuple(readings(one) for one in word)
        return [Sound(syllables)] if 2 <= len(word) <= _MOST_SYLLABLES and all(syllables) else []
    typed = word.replace("ü", "v").replace("'", " ").replace("’", " ")
    if not typed.replace(" ", "").isascii() or not typed.replace(" ", "").isalpha():
        return []
    whole = list(_splits(typed))[:_MOST_SPLITS]
    if whole:
        return whole
    initials = {one[0] for one in _syllables()}
    if 2 <= len(typed) <= _MOST_INITIALS and all(one in initials for one in typed):
        return [Sound(tuple((one,) for one in typed), initials=True)]
    return []


def _splits(typed: str) -> Iterator[Sound]:
    """The ways to read letters as syllables, the whole ones first; spaces divide. The last may be half a syllable."""
    found = [syllables for syllables in _split(typed.strip(), ()) if 2 <= len(syllables) <= _MOST_SYLLABLES]
    known = _syllables()
    for last_is_open in (False, True):
        for syllables in found:
            if last_is_open == (syllables[-1] not in known):
                yield Sound(tuple((one,) for one in syllables), open=last_is_open)


def _split(rest: str, before: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if len(before) > _MOST_SYLLABLES:
        return
    if not rest:
        yield before
        return
    known = _syllables()
    for length in range(min(6, len(rest)), 0, -1):
        if rest[:length] in known:
            yield from _split(rest[length:].lstrip(" "), (*before, rest[:length]))
    if before and len(rest) < 6 and rest not in known and any(one.startswith(rest) for one in known):
        yield (*before, rest)


def _pair(one: str, other: str) -> str:
    """Initials first, so that those alone are the beginning of the term."""
    return f"s{one[0]}{other[0]}{one[1:]}0{other[1:]}"


def _pairs(syllables: Sequence[tuple[str, ...]]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    return pairwise(syllables)


@cache
def _pinyin() -> Callable[[str], list[list[str]]]:
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")  # single characters only: 45 MB less
    from pypinyin import Style, pinyin  # slow to import: it reads its dictionaries

    return partial(pinyin, style=Style.NORMAL, heteronym=True, errors="ignore")


@cache
def _syllables() -> frozenset[str]:
    """Those of the 6,763 characters of GB 2312."""
    characters = (
        bytes((row, cell)).decode("gb2312", errors="ignore") for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF)
    )
    found = {reading for one in characters if one for reading in readings(one)}
    return frozenset(one for one in found if set(one) & set("aeiouv"))
