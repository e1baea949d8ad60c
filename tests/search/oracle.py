"""What a search must answer, by the plainest means: a substring of the folded text. Nothing of the index is used."""

import unicodedata

from opencc import OpenCC

_TO_SIMPLIFIED = OpenCC("t2s")


def _is_letter(character: str) -> bool:
    return character.isalnum() and ord(character) < 0x2E80


def _folded(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).casefold()
    text = "".join(
        one if len(one) != 1 or len(_TO_SIMPLIFIED.convert(one)) != 1 else _TO_SIMPLIFIED.convert(one) for one in text
    )
    kept = ""
    words = " ".join(text.split())
    for at, one in enumerate(words):
        beside_chinese = one == " " and any(
            ord(words[near]) >= 0x2E80 and words[near].isalnum() for near in (at - 1, at + 1)
        )
        kept += "" if beside_chinese else one
    return kept


def contains(text: str, word: str) -> bool:
    """Whether the text has the word; one of Latin letters or digits from the beginning of a word only."""
    text, word = _folded(text), _folded(word)
    starts = [at for at in range(len(text)) if text.startswith(word, at)]
    return any(not (_is_letter(word[0]) and at and _is_letter(text[at - 1])) for at in starts)
