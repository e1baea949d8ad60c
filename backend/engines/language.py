"""What a language model is to the rest of the house: a Protocol, the values it takes and the error it raises."""

import math
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pydantic import BaseModel

from backend.errors import AppError
from backend.speech.text import is_wide

Form = TypeVar("Form", bound=BaseModel)


class LanguageModelError(AppError):
    """The language model gave nothing that can be used.

    Codes: `language_model_missing`, `_address`, `_unreachable`, `_slow`, `_busy`, `_failed`, `_key`, `_unknown`,
    `_context`, `_bad_answer`, `_truncated`, `_refused`, `_secret`. Where `retry` is true the same request may succeed
    later."""

    status = 502

    def __init__(self, code: str, detail: str, retry: bool = False) -> None:
        super().__init__(detail)
        self.code = code
        self.retry = retry


class LanguageModelMissing(LanguageModelError):
    status = 409

    def __init__(self) -> None:
        super().__init__(
            "language_model_missing",
            "No language model is set up. An admin can add an endpoint, or set OPENAI_BASE_URL, OPENAI_API_KEY and "
            "OPENAI_MODEL_NAME in .env and start the server again; everything else works without one.",
        )


@dataclass(slots=True)
class Tally:
    """What was asked so far, as the endpoint counts it; estimated where it does not say."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def add(self, prompt_tokens: int, completion_tokens: int) -> None:
        self.calls += 1
        self.prompt_tokens += prompt_tokens
        self.completion_tokens += completion_tokens

    def join(self, other: "Tally") -> None:
        self.calls += other.calls
        self.prompt_tokens += other.prompt_tokens
        self.completion_tokens += other.completion_tokens


class LanguageModel(Protocol):
    """`backend.engines.language_model.OpenAI` is one."""

    @property
    def name(self) -> str:
        """The model's name, for the record."""
        ...

    @property
    def source(self) -> str:
        """The id of its endpoint, likewise."""
        ...

    @property
    def context_tokens(self) -> int:
        """Tokens of question and answer together."""
        ...

    async def fill_in(self, form: type[Form], system: str, prompt: str, *, most_tokens: int, tally: Tally) -> Form:
        """The answer as a `form`; asked once more where it does not fit. Raises LanguageModelError."""
        ...

    def say(self, system: str, prompt: str, *, most_tokens: int, tally: Tally) -> AsyncGenerator[str, None]:
        """The answer as it comes. Raises LanguageModelError, in the middle too where the answer is cut off."""
        ...


def tokens_of(text: str) -> int:
    """About how many tokens a text takes, rather too many: one a Chinese character, one for three others."""
    wide = sum(1 for character in text if is_wide(character) or ord(character) > 0x2000)
    return wide + math.ceil((len(text) - wide) / 3)
