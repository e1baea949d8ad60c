"""What a full-text index of a database is given: terms made by us, so that no tokenizer has to know Chinese.

Overlapping pairs of characters, and the last character of each run, find every word of one character or more, also
those that no dictionary has. A dictionary would not: 处理 is not found in 待处理 where that is one word."""

from collections.abc import Iterator
from dataclasses import dataclass

from backend.search import sounds
from backend.search.folding import is_dense, is_word

#: Of terms and folding. Another number: every index is made anew.
RULES = 3

#: Characters of a word that are indexed; the rest is compared with the text.
_LONGEST_WORD = 16
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Phrase:
    """Terms that follow each other; `prefix`: the last is only the beginning of one."""

    terms: tuple[str, ...]
    prefix: bool = False


def terms(folded: str) -> list[str]:
    """The terms of a folded text, in its order, and after them those of its sounds."""
    found: list[str] = []
    heard: dict[str, None] = {}
    for run, dense in _runs(folded):
        if dense:
            found += [_coded(run[at : at + 2]) for at in range(len(run))]
            heard |= dict.fromkeys(sounds.terms(run))
        else:
            found.append(_word(run))
    return [*found, *heard]


def phrases(folded: str) -> list[Phrase]:
    """The phrases that every text has which contains this folded text; a word of letters may be longer in it.

    They are necessary, not sufficient: `places` decides. Empty where there is nothing to look for but marks."""
    runs = list(_runs(folded))
    found = []
    for number, (run, dense) in enumerate(runs):
        last = number == len(runs) - 1 and folded.endswith(run)
        if not dense:
            found.append(Phrase((_word(run),), prefix=last or len(run) > _LONGEST_WORD))
        elif len(run) == 1:
            found.append(Phrase((_coded(run),), prefix=True))
        else:
            found.append(Phrase(tuple(_coded(run[at : at + 2]) for at in range(len(run) - 1))))
    return found


def places(folded: str, wanted: str) -> list[tuple[int, int]]:
    """Where the folded text contains `wanted`: starts and ends, without overlaps. A word of letters or digits counts
    from its beginning only."""
    found = []
    position = folded.find(wanted) if wanted else -1
    while position >= 0:
        inside_word = position > 0 and is_word(wanted[0]) and is_word(folded[position - 1])
        if inside_word:
            position = folded.find(wanted, position + 1)
            continue
        found.append((position, position + len(wanted)))
        position = folded.find(wanted, position + len(wanted))
    return found


def _runs(folded: str) -> Iterator[tuple[str, bool]]:
    """Runs of characters of one kind, and whether they are of a script without spaces. Marks end them.

    ASCII and other letters are of two kinds: the beginning of a word is a term in every word that begins so."""
    start, kind = 0, _MARK
    for at, character in enumerate(folded):
        new = _kind(character)
        if new != kind:
            if kind != _MARK:
                yield folded[start:at], kind == _DENSE
            start, kind = at, new
    if kind != _MARK:
        yield folded[start:], kind == _DENSE


_MARK, _DENSE, _ASCII, _LETTERS = range(4)


def _kind(character: str) -> int:
    if is_dense(character):
        return _DENSE
    if not is_word(character):
        return _MARK
    return _ASCII if character.isascii() else _LETTERS


def _coded(characters: str) -> str:
    """`h` and four digits to the base 36 for each character: a word for every tokenizer."""
    return "h" + "".join(_base36(ord(character)) for character in characters)


def _word(word: str) -> str:
    """At most 66 letters: InnoDB leaves out words of more than 84."""
    if word.isascii():
        return "ll" + word[:_LONGEST_WORD]
    return "lu" + "".join(_base36(ord(character)) for character in word[:_LONGEST_WORD])


def _base36(number: int) -> str:
    digits = ""
    for _ in range(4):
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits
