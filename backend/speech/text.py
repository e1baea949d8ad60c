"""Text and the words in it: the spoken characters of a text, words joined to a text, a text split into words."""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from backend.speech.types import Word

#: Symbols that are spoken: losing one would lose a word.
_SPOKEN = frozenset("%％‰℃℉°")

#: Written inside a run of Latin letters or digits when one stands on either side: it's, wi-fi, 3.5, 1,000, 10:30.
_INSIDE = frozenset("'’-._,:@&+")
_INSIDE_NUMBERS = frozenset(",:")


def spoken_characters(text: str) -> str:
    """The characters that are spoken: letters, combining marks, digits, CJK characters and symbols such as %.

    Punctuation, other symbols, white space and control characters are removed, also inside words ('it's', '3.5'). Case
    stays. Each character is decided on its own, so `spoken_characters(join(words))` is the characters of the words.
    """
    return "".join(filter(is_spoken, text))


def join(words: Iterable[Word]) -> str:
    """The words as text without punctuation: a space between Latin words or numbers, none beside Chinese."""
    parts: list[str] = []
    last = ""
    for word in words:
        spoken = spoken_characters(word.text)
        if spoken and last and not is_wide(last) and not is_wide(spoken[0]):
            parts.append(" ")
        parts.append(word.text)
        last = spoken[-1:] or last
    return "".join(parts)


def characters(text: str) -> list[str]:
    """The text split as words are: single Chinese characters, and whole runs of Latin letters or digits."""
    found: list[str] = []
    glued = False  # whether the next character may continue the last run
    for index, character in enumerate(text):
        if is_spoken(character):
            accent = bool(unicodedata.combining(character)) and index > 0 and is_spoken(text[index - 1])
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
def is_spoken(character: str) -> bool:
    """Whether `spoken_characters` includes this character."""
    # Planes 2 and 3 are ideographs, including those that this Python's Unicode version does not know yet.
    return unicodedata.category(character)[0] in "LMN" or character in _SPOKEN or 0x20000 <= ord(character) <= 0x3FFFF


@lru_cache(maxsize=1 << 16)
def is_wide(character: str) -> bool:
    """Whether it is written without spaces around it, like Chinese characters, kana and hangul syllables."""
    return unicodedata.east_asian_width(character) == "W"


def _stands_inside(text: str, index: int) -> bool:
    character, before, after = text[index], text[index - 1 : index], text[index + 1 : index + 2]
    if character not in _INSIDE or not after or not is_spoken(before) or not is_spoken(after) or is_wide(after):
        return False
    return character not in _INSIDE_NUMBERS or (before.isdigit() and after.isdigit())
