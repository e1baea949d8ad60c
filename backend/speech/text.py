"""What was said, as opposed to how it is written: bare text, words joined to text, text taken apart."""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from backend.speech.types import Word

#: Symbols that are spoken, so that losing one loses a word.
_SPOKEN = frozenset("%％‰℃℉°")

#: Written inside a run of Latin letters or digits when one stands on either side: it's, wi-fi, 3.5, 1,000, 10:30.
_INSIDE = frozenset("'’-._,:@&+")
_INSIDE_NUMBERS = frozenset(",:")


def bare(text: str) -> str:
    """Only what is heard: letters, marks, digits, characters of every CJK plane and spoken symbols such as %.

    Punctuation, other symbols, white space and control characters go, those inside words ('it's', '3.5') too; case
    stays. Each character is judged alone, so that `bare(join(words))` is the bare words.
    """
    return "".join(filter(is_heard, text))


def join(words: Iterable[Word]) -> str:
    """The words as text without punctuation: a space between Latin words or numbers, none beside Chinese."""
    parts: list[str] = []
    last = ""
    for word in words:
        heard = bare(word.text)
        if heard and last and not is_wide(last) and not is_wide(heard[0]):
            parts.append(" ")
        parts.append(word.text)
        last = heard[-1:] or last
    return "".join(parts)


def characters(text: str) -> list[str]:
    """The text as words would have it: single Chinese characters, and whole runs of Latin letters or digits."""
    found: list[str] = []
    glued = False  # whether the next character goes on with the run that came last
    for index, character in enumerate(text):
        if is_heard(character):
            accent = bool(unicodedata.combining(character)) and index > 0 and is_heard(text[index - 1])
            if accent or (glued and not is_wide(character)):
                found[-1] += character
            else:
                found.append(character)
            glued = not is_wide(character)
        elif glued and _stands_inside(text, index):
            found[-1] += character
        else:
            glued = False
    return found


@lru_cache(maxsize=1 << 16)
def is_heard(character: str) -> bool:
    """Whether `bare` keeps this character."""
    # Planes 2 and 3 are ideographs, those too that this Python's Unicode does not know yet.
    return unicodedata.category(character)[0] in "LMN" or character in _SPOKEN or 0x20000 <= ord(character) <= 0x3FFFF


@lru_cache(maxsize=1 << 16)
def is_wide(character: str) -> bool:
    """Whether it is written without spaces around it, as Chinese characters, kana and hangul syllables are here."""
    return unicodedata.east_asian_width(character) == "W"


def _stands_inside(text: str, index: int) -> bool:
    character, before, after = text[index], text[index - 1 : index], text[index + 1 : index + 2]
    if character not in _INSIDE or not after or not is_heard(before) or not is_heard(after) or is_wide(after):
        return False
    return character not in _INSIDE_NUMBERS or (before.isdigit() and after.isdigit())
