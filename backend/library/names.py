"""Names of tags and folders: cleaned for display, and folded so that two that look the same are the same."""

import unicodedata

from backend.errors import InvalidInput

MAX_CHARACTERS = 64
_MAX_FOLDED = 128


class NameUnusable(InvalidInput):
    code = "name_unusable"
    detail = f"A name needs at least one character that can be seen, and {MAX_CHARACTERS} at most."


def clean(name: str) -> str:
    """The name without control characters and with single spaces. Raises NameUnusable."""
    visible = "".join(one for one in name if one.isspace() or unicodedata.category(one)[0] != "C")
    cleaned = unicodedata.normalize("NFC", " ".join(visible.split()))
    if not cleaned or len(cleaned) > MAX_CHARACTERS or len(fold(cleaned)) > _MAX_FOLDED:
        raise NameUnusable
    return cleaned


def fold(name: str) -> str:
    """Equal for names that differ only in width, case and the form of their characters (Unicode NFKC, case folding)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
