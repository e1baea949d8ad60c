"""Parses the answers of language models: removes code fences, reasoning and other text around the JSON."""

import json
import re
from typing import Any

from pydantic import ValidationError

from backend.engines.language_model_protocol import Schema

_REASONING = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_OPENING_TAG, _CLOSING_TAG = (
    re.compile(r"<think(?:ing)?>", re.IGNORECASE),
    re.compile(r"</think(?:ing)?>", re.IGNORECASE),
)
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")

#: Only this many characters of an answer are parsed; none of ours is longer.
MAX_CHARACTERS = 400_000

_MAX_TAG_LENGTH = len("</thinking>")


class InvalidAnswer(ValueError):
    """The answer is not a JSON object of the schema; the message says why, for the model to read."""


def parse_answer(schema: type[Schema], text: str) -> Schema:
    """The JSON object in `text` as an instance of `schema`. Raises InvalidAnswer."""
    value = _json_object(strip_reasoning(text)[:MAX_CHARACTERS])
    try:
        return schema.model_validate(value)
    except ValidationError as error:
        problems = [
            f"{'.'.join(str(part) for part in problem['loc']) or 'object'}: {problem['msg']}"
            for problem in error.errors(include_url=False, include_input=False, include_context=False)[:5]
        ]
        raise InvalidAnswer("; ".join(problems)[:200]) from None


def strip_reasoning(text: str) -> str:
    """The answer without the reasoning that some models write before it. Some write only the closing tag."""
    return _CLOSING_TAG.split(_REASONING.sub("", text))[-1].strip()


class ReasoningFilter:
    """Removes the reasoning from a streamed answer. Text that may be the start of a tag is held back until it is
    known."""

    def __init__(self) -> None:
        self._buffer = ""
        self._in_reasoning = False

    def feed(self, piece: str) -> str:
        """Add a piece of the stream; returns the new text of the answer."""
        self._buffer += piece
        text = ""
        while tag := (_CLOSING_TAG if self._in_reasoning else _OPENING_TAG).search(self._buffer):
            text += "" if self._in_reasoning else self._buffer[: tag.start()]
            self._buffer = self._buffer[tag.end() :]
            self._in_reasoning = not self._in_reasoning
        if self._in_reasoning:
            self._buffer = self._buffer[-_MAX_TAG_LENGTH:]
            return text
        _, bracket, name = self._buffer[-_MAX_TAG_LENGTH:].lower().rpartition("<")
        partial_tag = f"<{name}" if bracket else ""
        end = len(self._buffer) - (len(partial_tag) if partial_tag and "<thinking>".startswith(partial_tag) else 0)
        text, self._buffer = text + self._buffer[:end], self._buffer[end:]
        return text

    def end(self) -> str:
        """The text that was held back and is not a tag after all."""
        return "" if self._in_reasoning else self._buffer


def _json_object(text: str) -> dict[str, Any]:
    start = text.find("{")
    if start < 0:
        raise InvalidAnswer("there is no JSON object in the answer")
    problem = "the JSON is damaged"
    for attempt in (text[start:], _TRAILING_COMMA.sub(r"\1", text[start:])):
        try:
            value, _ = json.JSONDecoder(strict=False).raw_decode(attempt)
        except json.JSONDecodeError as error:
            problem = f"the JSON is damaged: {error.msg}"
        except (RecursionError, ValueError):  # a thousand levels of nesting, or a number of ten thousand digits
            break
        else:
            if isinstance(value, dict):
                return value
    raise InvalidAnswer(problem)
