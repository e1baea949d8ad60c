"""Paraformer's tokens become words without losing a time: tokens and times stay one to one until they are joined here.

FunASR's own `sentence_postprocess` drops `<unk>` from the words and not from the times, so every later character moves
onto its neighbour's time; it writes `.` and `&` without a time, and it loses what `'s` and `-@@` belong to.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

#: Tokens that stand for no text. Their time goes with them.
_SILENT = frozenset({"<s>", "</s>", "<unk>", "<OOV>", "<blank>", "<sil>"})
_JOINERS = frozenset("&.-'")  #: written between two parts of one word: R&D, 3.5, wi-fi


@contextmanager
def raw_tokens() -> Iterator[None]:
    """While it is open, FunASR gives its tokens as they are, separated by spaces, and one time for each of them."""
    from funasr.utils import postprocess_utils

    original = postprocess_utils.sentence_postprocess
    postprocess_utils.sentence_postprocess = _unchanged
    try:
        yield
    finally:
        postprocess_utils.sentence_postprocess = original


def _unchanged(words: Sequence[Any], time_stamp: Any = None) -> tuple[Any, ...]:
    tokens = [word if isinstance(word, str) else word.decode("utf-8") for word in words]
    text = " ".join(tokens)
    return (text, tokens) if time_stamp is None else (text, time_stamp, tokens)


@dataclass(slots=True)
class _Word:
    """A word while it is put together: which tokens it has, and whether the next one belongs to it."""

    text: str
    tokens: list[int]
    open: bool
    letters: bool  #: made of single letters only, such as A I
    closed: bool = False  #: something without a text was heard behind it


def join_tokens(tokens: Sequence[str]) -> list[tuple[str, list[int]]]:
    """Every word with the indices of its tokens; what stands for no text is in no word.

    Subwords (`hel@@ lo`), digits (`1 0`), decimals (`3 . 5`), contractions (`it 's`), hyphens (`wi -@@ fi`) and
    abbreviations (`r & d`, `a i`) are joined. A subword that nothing continues is a word.
    """
    words: list[_Word] = []
    for index, token in enumerate(tokens):
        if token in _SILENT or token in ("", "@@"):
            _close(words)
            continue
        text, opens = token.removesuffix("@@"), token.endswith("@@")
        last = words[-1] if words else None
        if last is not None and _belongs(last, text, _next_text(tokens, index)):
            last.letters = last.letters and (len(text) == 1 and (text.isalpha() or text in _JOINERS))
            last.text += text
            last.tokens.append(index)
            last.open = opens or (text in _JOINERS)
        else:
            words.append(_Word(text, [index], opens, len(text) == 1 and _latin(text) and not opens))
    return [(_written(word), word.tokens) for word in words]


def _close(words: list[_Word]) -> None:
    if words:
        words[-1].closed = True


def _next_text(tokens: Sequence[str], index: int) -> str:
    return tokens[index + 1].removesuffix("@@") if index + 1 < len(tokens) else ""


def _belongs(last: _Word, text: str, following: str) -> bool:
    """Whether the token goes on with the word before it."""
    if last.closed or not _western(text) or not _western(last.text[-1]):
        return False
    if last.open:
        return True
    if text.isdigit():
        return last.text[-1].isdigit()
    if text in _JOINERS:
        ends, begins = last.text[-1], following[:1]
        return (ends.isdigit() and begins.isdigit()) if text == "." else _latin(ends) and _latin(begins)
    if text.startswith("'") or text == "n't":
        return _latin(last.text[-1])
    return last.letters and len(text) == 1 and _latin(text)


def _written(word: _Word) -> str:
    """Letters said one by one are an abbreviation: AI, R&D."""
    return word.text.upper() if word.letters and len(word.tokens) > 1 else word.text


def _latin(text: str) -> bool:
    return text != "" and text.isascii() and text[0].isalpha()


def _western(text: str) -> bool:
    return text != "" and text.isascii()
