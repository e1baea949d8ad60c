"""Answers of language models, read with patience: fences, thoughts and chatter around the JSON are taken off."""

import json
import re
from typing import Any

from pydantic import ValidationError

from backend.engines.language import Form

_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_BEGINS, _ENDS = re.compile(r"<think(?:ing)?>", re.IGNORECASE), re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")

#: No answer of ours is longer; what is longer is not read.
LONGEST = 400_000

_LONGEST_MARK = len("</thinking>")


class Unreadable(ValueError):
    """The answer is no JSON object of the form; says why, for the model to read."""


def read_answer(form: type[Form], text: str) -> Form:
    """The JSON object in `text` as a `form`. Raises Unreadable."""
    value = _object(without_thoughts(text)[:LONGEST])
    try:
        return form.model_validate(value)
    except ValidationError as error:
        problems = [
            f"{'.'.join(str(part) for part in problem['loc']) or 'object'}: {problem['msg']}"
            for problem in error.errors(include_url=False, include_input=False, include_context=False)[:5]
        ]
        raise Unreadable("; ".join(problems)[:200]) from None


def without_thoughts(text: str) -> str:
    """What reasoning models say aloud before they answer is none of the answer. Some only say where it ends."""
    return _ENDS.split(_THOUGHT.sub("", text))[-1].strip()


class Listener:
    """Hears an answer piece by piece and leaves out its thoughts; what may begin one is held back until it is clear."""

    def __init__(self) -> None:
        self._rest = ""
        self._thinking = False

    def hear(self, piece: str) -> str:
        """What of the answer is new."""
        self._rest += piece
        said = ""
        while mark := (_ENDS if self._thinking else _BEGINS).search(self._rest):
            said += "" if self._thinking else self._rest[: mark.start()]
            self._rest = self._rest[mark.end() :]
            self._thinking = not self._thinking
        if self._thinking:
            self._rest = self._rest[-_LONGEST_MARK:]
            return said
        held = self._rest[-_LONGEST_MARK:].lower().rpartition("<")
        begun = f"<{held[2]}" if held[1] else ""
        whole = len(self._rest) - (len(begun) if begun and "<thinking>".startswith(begun) else 0)
        said, self._rest = said + self._rest[:whole], self._rest[whole:]
        return said

    def end(self) -> str:
        """What was held back and began nothing."""
        return "" if self._thinking else self._rest


def _object(text: str) -> dict[str, Any]:
    start = text.find("{")
    if start < 0:
        raise Unreadable("there is no JSON object in the answer")
    problem = "the JSON is damaged"
    for attempt in (text[start:], _TRAILING_COMMA.sub(r"\1", text[start:])):
        try:
            value, _ = json.JSONDecoder(strict=False).raw_decode(attempt)
        except json.JSONDecodeError as error:
            problem = f"the JSON is damaged: {error.msg}"
        except (RecursionError, ValueError):  # nested a thousand times, or a number of ten thousand digits
            break
        else:
            if isinstance(value, dict):
                return value
    raise Unreadable(problem)
