"""Words become sentences: a mark after some words, from a model or from the pauses, and never another word."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from backend.speech.text import join
from backend.speech.types import Sentence, Word

Model = Callable[[str], str]  #: words separated by spaces -> the same with punctuation; "" where it fails

_ENDS = frozenset("。？！")
_MARKS = {mark: mark for mark in "，。？！、；："} | {",": "，", ".": "。", "?": "？", "!": "！", ";": "；", ":": "："}

_BREAK = 1.5  #: a pause that ends a sentence whatever its marks
_STRETCH = 200  #: characters a model is given at once; beyond, it may fail or change the length
_FULL_STOP = 0.5  #: pauses heard as 。
_COMMA = 0.25  #: pauses heard as ，
_LONGEST = 60  #: characters of a sentence that has no marks but its pauses


def sentences(words: Sequence[Word], marks: Sequence[str]) -> list[Sentence]:
    """Sentences end after 。？！ and at long pauses. Their text is their words and marks, and nothing else."""
    made: list[Sentence] = []
    begin = 0
    for index, word in enumerate(words):
        last = index + 1 == len(words)
        if last or marks[index] in _ENDS or words[index + 1].start - word.end > _BREAK:
            own = words[begin : index + 1]
            made.append(Sentence(own[0].start, own[-1].end, _text(own, marks[begin : index + 1]), tuple(own)))
            begin = index + 1
    return made


def marks_by_model(words: Sequence[Word], model: Model) -> list[str]:
    """What the model would write after each word. Where it changes the words themselves, nothing is written."""
    marks: list[str] = []
    for run in _runs(words):
        at = 0
        while at < len(run):
            piece = _stretch(run[at:])
            heard = _marks_after(piece, model(" ".join(word.text for word in piece)))
            if heard is None:
                heard = [""] * len(piece)
            elif at + len(piece) < len(run):
                heard = _settled(heard)
            marks += heard
            at += len(heard)
    return marks


def marks_by_pauses(words: Sequence[Word]) -> list[str]:
    """For recognisers without a punctuation model: 。 at long pauses, ， at short ones.

    What would be too long to read even so gets 。 at its longest pause.
    """
    pauses = [after.start - word.end for word, after in pairwise(words)]
    marks = ["。" if pause >= _FULL_STOP else "，" if pause >= _COMMA else "" for pause in pauses]
    begin = 0
    for index in range(len(words)):
        if index + 1 == len(words) or marks[index] == "。":
            for here in _divided(words, pauses, begin, index):
                marks[here] = "。"
            begin = index + 1
    return [*marks, "。"] if words else []


def _divided(words: Sequence[Word], pauses: Sequence[float], first: int, last: int) -> Iterator[int]:
    """After which words from `first` to `last` to end a sentence, so that none is too long."""
    length = sum(len(word.text) for word in words[first : last + 1])
    if length <= _LONGEST:
        return
    # not near its ends: a sentence of one word is no better than one of sixty
    edge = (last - first) // 5 + 1
    inner = range(first + edge, last - edge)
    if not inner:
        return
    middle = (first + last) / 2
    here = max(inner, key=lambda index: (round(pauses[index], 2), -abs(index - middle)))
    yield from _divided(words, pauses, first, here)
    yield here
    yield from _divided(words, pauses, here + 1, last)


def _runs(words: Sequence[Word]) -> Iterator[Sequence[Word]]:
    begin = 0
    for index, word in enumerate(words):
        if index + 1 == len(words) or words[index + 1].start - word.end > _BREAK:
            yield words[begin : index + 1]
            begin = index + 1


def _stretch(words: Sequence[Word]) -> Sequence[Word]:
    length = 0
    for index, word in enumerate(words):
        length += len(word.text)
        if length > _STRETCH:
            return words[: max(index, 1)]
    return words


def _settled(marks: list[str]) -> list[str]:
    """Up to the last sentence that has ended: a model ends every text with 。, also one that was cut off."""
    for index in range(len(marks) - 2, -1, -1):
        if marks[index] in _ENDS:
            return marks[: index + 1]
    return [*marks[:-1], ""]


def _marks_after(words: Sequence[Word], punctuated: str) -> list[str] | None:
    """The mark after each word, or None where the text is not these very words with marks and spaces between them."""
    marks = [""] * len(words)
    index, rest = -1, ""
    for character in punctuated:
        if rest and character.casefold() == rest[0].casefold():
            rest = rest[1:]
        elif not rest and (mark := _MARKS.get(character)) is not None and index >= 0:
            marks[index] = mark
        elif character.isspace() and not rest:
            continue
        elif not rest and index + 1 < len(words) and character.casefold() == words[index + 1].text[0].casefold():
            index += 1
            rest = words[index].text[1:]
        else:
            return None
    return marks if index + 1 == len(words) and not rest else None


def _text(words: Sequence[Word], marks: Sequence[str]) -> str:
    text, begin = "", 0
    for index, mark in enumerate(marks):
        if mark:
            text += join(words[begin : index + 1]) + mark
            begin = index + 1
    return text + join(words[begin:])
