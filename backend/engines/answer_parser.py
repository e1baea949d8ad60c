"""Parses the answers of language models: removes code fences, thoughts and other text around the JSON."""

import json
import re
from typing import Any

from pydantic import ValidationError

from backend.engines.language_model_protocol import Schema
from backend.engines.reasoning_marks import strip_reasoning

_TRAILING_COMMA = re.compile(r",(\s*[}\]])")

#: Only this many characters of an answer are parsed; none of ours is longer.
MAX_CHARACTERS = 400_000


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
