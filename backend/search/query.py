"""Reads what a person typed: words that must all be there, "phrases", and -words that must not."""

import re
from dataclasses import dataclass

from backend.errors import InvalidInput
from backend.search.folding import Folded, fold, is_dense
from backend.search.sounds import Sound, sounds
from backend.search.terms import Phrase, phrases, places

MAX_CHARACTERS = 200
_MOST_WORDS = 20
_WORD = re.compile(r'(?P<minus>[-－]?)(?:["“”„＂](?P<quoted>[^"“”„＂]*)["“”„＂]?|(?P<plain>[^\s"“”„＂]+))')


class NothingToFind(InvalidInput):
    code = "nothing_to_find"
    detail = "Type at least one character or number: marks alone, and words to leave out, find nothing."


class QueryTooLong(InvalidInput):
    code = "query_too_long"
    detail = f"A search takes up to {MAX_CHARACTERS} characters and {_MOST_WORDS} words."


@dataclass(frozen=True, slots=True)
class Query:
    """Folded words; none is empty."""

    wanted: tuple[str, ...]
    excluded: tuple[str, ...] = ()

    @property
    def phrases(self) -> list[Phrase]:
        """What every passage has that may match."""
        return list(dict.fromkeys(phrase for word in self.wanted for phrase in phrases(word)))

    def hits(self, text: str) -> list[tuple[int, int]]:
        """Where the words are in a text: starts and ends of characters, in its order, none inside another. Empty where
        one of them is missing, or one to leave out is there."""
        folded = fold(text)
        if any(places(folded.text, word) for word in self.excluded):
            return []
        found = []
        for word in self.wanted:
            there = places(folded.text, word)
            if not there:
                return []
            found += [_original(folded, start, end) for start, end in there]
        return _without_overlaps(found)


@dataclass(frozen=True, slots=True)
class SoundQuery:
    """Texts that do not have the words, but sound like them; words without a sound must be there as they are."""

    query: Query
    sounds: tuple[tuple[Sound, ...], ...]  #: how each word that has a sound may be meant: at least one word
    words: tuple[str, ...]

    def hits(self, text: str) -> list[tuple[int, int]]:
        """As those of a `Query`; empty as well where that one has some."""
        folded = fold(text)
        if self.query.hits(text) or any(places(folded.text, word) for word in self.query.excluded):
            return []
        found = []
        heard = ([place for one in word for place in one.places(folded.text)] for word in self.sounds)
        written = (places(folded.text, word) for word in self.words)
        for there in (*heard, *written):
            if not there:
                return []
            found += [_original(folded, start, end) for start, end in there]
        return _without_overlaps(found)


def by_sound(query: Query) -> SoundQuery | None:
    """What sounds like a query; None where nothing in it has a sound of two syllables. Letters of several words are
    read together: li lv."""
    words = query.wanted
    if len(words) > 1 and all(word.isalpha() and not is_dense(word[0]) for word in words):
        words = (" ".join(words),)
    meant = {word: tuple(sounds(word)) for word in words}
    heard = tuple(found for found in meant.values() if found)
    return SoundQuery(query, heard, tuple(word for word, found in meant.items() if not found)) if heard else None


def parse(typed: str) -> Query:
    """Raises NothingToFind or QueryTooLong."""
    if len(typed) > MAX_CHARACTERS:
        raise QueryTooLong
    wanted: list[str] = []
    excluded: list[str] = []
    for match in _WORD.finditer(typed):
        word = fold(match["plain"] if match["quoted"] is None else match["quoted"]).text
        if phrases(word):
            (excluded if match["minus"] else wanted).append(word)
    if len(wanted) + len(excluded) > _MOST_WORDS:
        raise QueryTooLong
    if not wanted:
        raise NothingToFind
    return Query(tuple(dict.fromkeys(wanted)), tuple(dict.fromkeys(excluded)))


def _original(folded: Folded, start: int, end: int) -> tuple[int, int]:
    # A character that became several belongs to the hit as a whole.
    return folded.offsets[start], folded.offsets[end - 1] + 1


def _without_overlaps(hits: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(hits):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
