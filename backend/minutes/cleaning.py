"""What goes to a language model is data on one line; what comes from it is plain text: no markup, no addresses."""

import re
import unicodedata

#: Marks by which models tell roles and turns apart, and our own fences: spoken or typed, they must not look like any.
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


def quoted(text: str) -> str:
    """A text of somebody's as data for a prompt: one line, nothing unseen, no marks of roles."""
    text = _visible(text)
    for _ in range(8):  # what is taken away may leave a new one behind
        before = text
        text = _ROLE_MARKS.sub(" ", text)
        if text == before:
            return text
    return text.translate(_ANGLES)


def cleaned(text: str, most: int = 1000) -> str:
    """A text of a language model's as people may see it: one line without markup and addresses, cut at `most`."""
    text = _visible(text[: most * 8])
    for _ in range(8):  # what is taken away may leave a new one behind
        before = text
        text = _ENTITY.sub(" ", _ROLE_MARKS.sub(" ", text))
        text = _LINK.sub(r"\1", _TAG.sub(" ", text))
        text = _ADDRESS.sub("", text)
        if text == before:
            break
    else:
        text = re.sub(r"[:/&\[\]()]", " ", text)
    return " ".join(text.translate(_ANGLES).split())[:most].strip()


def _visible(text: str) -> str:
    """One line; line ends part words, everything else that cannot be seen is dropped."""
    parted = (" " if character.isspace() else character for character in text)
    shown = (character for character in parted if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co"))
    return " ".join("".join(shown).split())
