"""Splits sentences into pieces: one per word, with its written text including punctuation."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from backend.speech.text import is_spoken, is_wide, spoken_characters
from backend.speech.types import Sentence, Word

_SENTENCE_MARKS = frozenset("。？！.?!")
_CLAUSE_MARKS = _SENTENCE_MARKS | frozenset("，；：、…—,;:")
_CLOSING = "'\"’”）」』》】〉)]"
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A word and its written text. The joined texts of a sentence's pieces are the text of the sentence.

    A sentence that could not be recognised is a piece with an `error` and no text; a sentence without words is one
    piece. The times of pieces are in order and do not overlap.
    """

    text: str
    start: float
    end: float
    words: tuple[Word, ...] = ()
    error: str | None = None
    unsure: bool = False
    last: bool = False  #: whether it is the last piece of its sentence

    @property
    def ends_sentence(self) -> bool:
        return self.last or _mark(self.text) in _SENTENCE_MARKS

    @property
    def ends_clause(self) -> bool:
        return self.last or _mark(self.text) in _CLAUSE_MARKS


def split_into_pieces(sentences: Sequence[Sentence]) -> list[Piece]:
    """The pieces of all sentences in order. Times that run backwards are corrected; sentences without spoken characters
    and without an error are left out."""
    pieces: list[Piece] = []
    for sentence in sentences:
        if sentence.error is not None:
            pieces.append(Piece("", sentence.start, sentence.end, error=sentence.error, last=True))
        elif sentence.words or spoken_characters(sentence.text):
            own = sentence_pieces(sentence)
            final = own[-1]
            own[-1] = replace(final, text=_spaced(final.text), last=True)
            if sentence.unsure:
                own = [replace(piece, unsure=True) for piece in own]
            pieces += own
    return _monotonic(pieces)


def sentence_pieces(sentence: Sentence) -> list[Piece]:
    """One piece per word. Punctuation belongs to the word before it, an opening bracket or quote to the word after it.

    If the words do not match the text, the sentence is one piece, so that no text is lost."""
    text = _clean(sentence.text)
    counts = [len(spoken_characters(word.text)) for word in sentence.words]
    if not counts or spoken_characters(text) != "".join(spoken_characters(word.text) for word in sentence.words):
        words = sentence.words or (Word("", sentence.start, sentence.end),)
        return [Piece(text, min(word.start for word in words), max(word.end for word in words), sentence.words)]
    spoken = [index for index, character in enumerate(text) if is_spoken(character)]
    cuts = [0]
    done, cut_of = counts[0], -1
    for count in counts[1:]:
        if done >= len(spoken):
            cuts.append(len(text))
        elif done == cut_of:
            cuts.append(cuts[-1])  # a word without spoken characters: looking again would take quadratic time
        else:
            cuts.append(_before_opening(text, spoken[done], spoken[done - 1] + 1 if done else 0))
            cut_of = done
        done += count
    cuts.append(len(text))
    return [
        Piece(text[cut:following], word.start, word.end, (word,))
        for word, cut, following in zip(sentence.words, cuts, cuts[1:], strict=False)
    ]


def _mark(text: str) -> str:
    written = text.rstrip()
    closed = written.rstrip(_CLOSING)
    if not closed or (closed[-1].isascii() and len(written) == len(text) and not is_wide(closed[-2:-1] or " ")):
        return ""  # the point in 3.5 is not a full stop
    return closed[-1]


def _before_opening(text: str, index: int, floor: int) -> int:
    while index > floor and unicodedata.category(text[index - 1]) in ("Ps", "Pi", "Sc"):
        index -= 1
    return index


def _clean(text: str) -> str:
    text = _SPACE.sub(" ", text).strip()
    return "".join(character for character in text if unicodedata.category(character) not in ("Cc", "Cs"))


def _spaced(text: str) -> str:
    # A full-width mark contains its space. After anything else the next sentence needs one.
    text = text.rstrip()
    return text if text and not is_spoken(text[-1]) and not text[-1].isascii() else f"{text} "


def _monotonic(pieces: list[Piece]) -> list[Piece]:
    starts: list[float] = []
    for piece in pieces:
        starts.append(max(piece.start, starts[-1] if starts else 0.0))
    limits = [*starts[1:], float("inf")]
    return [
        _moved(piece, start, max(start, min(piece.end, limit)))
        for piece, start, limit in zip(pieces, starts, limits, strict=False)
    ]


def _moved(piece: Piece, start: float, end: float) -> Piece:
    if (start, end) == (piece.start, piece.end) and len(piece.words) < 2:
        return piece
    words: list[Word] = []
    for word in piece.words:
        earliest = min(max(word.start, words[-1].start if words else start), end)
        words.append(Word(word.text, earliest, min(max(word.end, earliest), end)))
    return replace(piece, start=start, end=end, words=tuple(words))
