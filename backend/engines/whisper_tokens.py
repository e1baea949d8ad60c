"""Whisper's tokens as characters with times: a token is a run of bytes, and one character may take several tokens."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from backend.engines.punctuation import MARKS
from backend.speech.text import characters
from backend.speech.types import Word


@dataclass(frozen=True, slots=True)
class TimedToken:
    """The bytes of one token, when it was said (seconds), and how sure the model was (0 to 1)."""

    bytes: bytes
    start: float
    end: float
    probability: float = 1.0


@dataclass(frozen=True, slots=True)
class TimedCharacter:
    text: str
    start: float
    end: float


def token_bytes(token: str) -> bytes:
    """The bytes that a token of a byte-level BPE vocabulary stands for (GPT-2, `bytes_to_unicode`)."""
    table = _byte_of_character()
    return bytes(table[character] for character in token)


def timed_characters(tokens: Sequence[TimedToken]) -> list[TimedCharacter]:
    """Every whole character, from the token with its first byte to the token with its last.

    Characters of one token share its time evenly. Bytes that are no UTF-8 are left out.
    """
    edges = [
        (token.start + share * at, token.start + share * (at + 1))
        for token in tokens
        for share in [(token.end - token.start) / max(1, len(token.bytes))]
        for at in range(len(token.bytes))
    ]
    text = b"".join(token.bytes for token in tokens).decode("utf-8", errors="surrogateescape")
    timed: list[TimedCharacter] = []
    position = 0
    for character in text:
        first, position = position, position + len(character.encode("utf-8", errors="surrogateescape"))
        if not "\ud800" <= character <= "\udfff":
            start, end = edges[first][0], edges[position - 1][1]
            timed.append(TimedCharacter(character, start, max(start, end)))
    return timed


_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+")


def words_of(timed: Sequence[TimedCharacter]) -> tuple[list[Word], list[str]]:
    """Words as `backend.speech.text` has them: single Chinese characters, whole runs of Latin letters or digits.

    Beside them the mark that stands after each, or an empty text.
    """
    text = "".join(character.text for character in timed)
    words: list[Word] = []
    marks: list[str] = []
    position = 0
    for word in characters(text):
        position = text.index(word, position)
        own = timed[position : position + len(word)]
        words.append(Word(word.replace(",", "") if _THOUSANDS.fullmatch(word) else word, own[0].start, own[-1].end))
        position += len(word)
        marks.append(MARKS.get(text[position : position + 1], ""))
    return words, marks


@lru_cache(maxsize=1)
def _byte_of_character() -> dict[str, int]:
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + at): byte for at, byte in enumerate(others)}
