"""Turns words into sentences: adds punctuation marks from a model or from pauses, without changing a word."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from backend.speech.text import join
from backend.speech.types import Sentence, Word

PunctuationModel = Callable[[str], str]  #: words separated by spaces -> the same with punctuation; "" if it fails

_SENTENCE_ENDS = frozenset("。？！")
#: What is read as a mark, and as which.
MARKS = {mark: mark for mark in "，。？！、；："} | {",": "，", ".": "。", "?": "？", "!": "！", ";": "；", ":": "："}

_BREAK = 1.5  #: seconds of a pause that always ends a sentence
_MAX_MODEL_CHARACTERS = 200  #: given to a model at once; with more it may fail or change the text
_FULL_STOP = 0.5  #: seconds of a pause that becomes 。
_COMMA = 0.25  #: seconds of a pause that becomes ，
_LONGEST = 60  #: characters of a sentence punctuated by pauses


def sentences(words: Sequence[Word], marks: Sequence[str]) -> list[Sentence]:
    """Sentences end after 。？！ and at long pauses. Their text consists of their words and marks only."""
    result: list[Sentence] = []
    begin = 0
    for index, word in enumerate(words):
        last = index + 1 == len(words)
        if last or marks[index] in _SENTENCE_ENDS or words[index + 1].start - word.end > _BREAK:
            own = words[begin : index + 1]
            result.append(Sentence(own[0].start, own[-1].end, punctuated(own, marks[begin : index + 1]), tuple(own)))
            begin = index + 1
    return result


def punctuate_by_model(words: Sequence[Word], model: PunctuationModel) -> list[str]:
    """The mark after each word, by the model. Where the model changes the words, there are no marks."""
    marks: list[str] = []
    for run in _runs(words):
        at = 0
        while at < len(run):
            part = _head(run[at:])
            part_marks = marks_after(part, model(" ".join(word.text for word in part)))
            if part_marks is None:
                part_marks = [""] * len(part)
            elif at + len(part) < len(run):
                part_marks = _finished_sentences(part_marks)
            marks += part_marks
            at += len(part_marks)
    return marks


def punctuate_by_pauses(words: Sequence[Word]) -> list[str]:
    """For recognisers without a punctuation model: 。 at long pauses, ， at short ones.

    A sentence that is still too long also gets 。 at its longest pause.
    """
    pauses = [after.start - word.end for word, after in pairwise(words)]
    marks = ["。" if pause >= _FULL_STOP else "，" if pause >= _COMMA else "" for pause in pauses]
    begin = 0
    for index in range(len(words)):
        if index + 1 == len(words) or marks[index] == "。":
            for split in _split_points(words, pauses, begin, index):
                marks[split] = "。"
            begin = index + 1
    return [*marks, "。"] if words else []


def _split_points(words: Sequence[Word], pauses: Sequence[float], first: int, last: int) -> Iterator[int]:
    """The words from `first` to `last` after which to end a sentence, so that none is too long."""
    length = sum(len(word.text) for word in words[first : last + 1])
    if length <= _LONGEST:
        return
    # not near its ends, to avoid sentences of one word
    edge = (last - first) // 5 + 1
    inner = range(first + edge, last - edge)
    if not inner:
        return
    middle = (first + last) / 2
    split = max(inner, key=lambda index: (round(pauses[index], 2), -abs(index - middle)))
    yield from _split_points(words, pauses, first, split)
    yield split
    yield from _split_points(words, pauses, split + 1, last)


def _runs(words: Sequence[Word]) -> Iterator[Sequence[Word]]:
    begin = 0
    for index, word in enumerate(words):
        if index + 1 == len(words) or words[index + 1].start - word.end > _BREAK:
            yield words[begin : index + 1]
            begin = index + 1


def _head(words: Sequence[Word]) -> Sequence[Word]:
    """As many of the first words as a model takes at once."""
    length = 0
    for index, word in enumerate(words):
        length += len(word.text)
        if length > _MAX_MODEL_CHARACTERS:
            return words[: max(index, 1)]
    return words


def _finished_sentences(marks: list[str]) -> list[str]:
    """The marks up to the last sentence end before the final one: a model ends every text with 。, even a cut one."""
    for index in range(len(marks) - 2, -1, -1):
        if marks[index] in _SENTENCE_ENDS:
            return marks[: index + 1]
    return [*marks[:-1], ""]


def marks_after(words: Sequence[Word], punctuated: str) -> list[str] | None:
    """The mark after each word, or None if the text does not consist of exactly these words, marks and spaces."""
    marks = [""] * len(words)
    index, rest = -1, ""
    for character in punctuated:
        if rest and character.casefold() == rest[0].casefold():
            rest = rest[1:]
        elif not rest and (mark := MARKS.get(character)) is not None and index >= 0:
            marks[index] = mark
        elif character.isspace() and not rest:
            continue
        elif not rest and index + 1 < len(words) and character.casefold() == words[index + 1].text[0].casefold():
            index += 1
            rest = words[index].text[1:]
        else:
            return None
    return marks if index + 1 == len(words) and not rest else None


def punctuated(words: Sequence[Word], marks: Sequence[str]) -> str:
    text, begin = "", 0
    for index, mark in enumerate(marks):
        if mark:
            text += join(words[begin : index + 1]) + mark
            begin = index + 1
    return text + join(words[begin:])
