"""Cleans texts that go to a language model (one line of data) and its answers (plain text without markup or URLs)."""

import re
import unicodedata

#: Role and turn markers of models, and our own fences. No text from users may contain them.
_ROLE_MARKS = re.compile(
    r"<\|[^|]{0,40}\|?>|\[/?INST\]|<</?SYS>>|</?s>|</?think(?:ing)?>|《/?资料[0-9a-f]*》", re.IGNORECASE
)
_TAG = re.compile(r"<[/!?a-zA-Z][^<>]{0,2000}>?")
_LINK = re.compile(r"!?\[([^\[\]]{0,500})\]\([^()\s]{0,2000}\)?")
_ADDRESS = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,20}:\s?//|www\.|(?:javascript|data|mailto|vbscript|file|tel|blob)\s{0,3}:(?=\S))[^\s，。；、！？（）《》]*"
    r"|(?<![a-z0-9.-])[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,10}/[^\s，。；、！？（）《》]+"
    r"|\b(?:https?|ftp)\s{0,3}:"
    r"|//[a-z0-9-]+(?:\.[a-z0-9-]+)+[^\s，。；、！？（）《》]*",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#x?[0-9a-f]{1,8}|[a-z]{2,20});", re.IGNORECASE)
_ANGLES = str.maketrans({"<": "＜", ">": "＞"})


def sanitize_for_prompt(text: str) -> str:
    """A user's text as data for a prompt: one line without invisible characters and role markers."""
    text = _visible(text)
    for _ in range(8):  # removing one may create a new one
        before = text
        text = _ROLE_MARKS.sub(" ", text)
        if text == before:
            return text
    return text.translate(_ANGLES)


def sanitize_answer(text: str, max_length: int = 1000) -> str:
    """A model's text for people: one line without markup and URLs, at most `max_length` characters."""
    text = _visible(text[: max_length * 8])
    for _ in range(8):  # removing one may create a new one
        before = text
        text = _ENTITY.sub(" ", _ROLE_MARKS.sub(" ", text))
        text = _LINK.sub(r"\1", _TAG.sub(" ", text))
        text = _ADDRESS.sub("", text)
        if text == before:
            break
    else:
        text = re.sub(r"[:/&\[\]()]", " ", text)
    return " ".join(text.translate(_ANGLES).split())[:max_length].strip()


def _visible(text: str) -> str:
    """One line. Line breaks become spaces, other invisible characters are dropped."""
    spaced = (" " if character.isspace() else character for character in text)
    shown = (character for character in spaced if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co"))
    return " ".join("".join(shown).split())
