"""Traditional characters to simplified ones, one for one, so that offsets and times hold."""

from functools import lru_cache

from opencc import OpenCC


def simplified(text: str) -> str:
    """The same text with every character that has exactly one simplified form replaced by it."""
    return "".join(map(_simplified, text))


@lru_cache(maxsize=1 << 14)
def _simplified(character: str) -> str:
    converted: str = _converter().convert(character)
    return converted if len(converted) == 1 else character


@lru_cache(maxsize=1)
def _converter() -> OpenCC:
    return OpenCC("t2s")
