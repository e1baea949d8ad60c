"""The interface of a language model: a Protocol, the values it uses and the error it raises."""

import math
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pydantic import BaseModel

from backend.errors import AppError
from backend.speech.text import is_wide

Schema = TypeVar("Schema", bound=BaseModel)


class LanguageModelError(AppError):
    """The language model gave no usable answer.

    Codes: `language_model_missing`, `_address`, `_unreachable`, `_slow`, `_busy`, `_failed`, `_key`, `_unknown`,
    `_context`, `_bad_answer`, `_truncated`, `_refused`, `_secret`, `_balance`, `_web_page`, `_prompt_cut`. Where
    `retry` is true the same request may succeed later. `reason` is the endpoint's own, for those who may see it."""

    status = 502

    def __init__(self, code: str, detail: str, retry: bool = False) -> None:
        super().__init__(detail)
        self.code = code
        self.retry = retry
        self.reason = ""


class LanguageModelNotConfigured(LanguageModelError):
    status = 409

    def __init__(self) -> None:
        super().__init__(
            "language_model_missing",
            "No language model is set up. An admin can add an endpoint, or set OPENAI_BASE_URL, OPENAI_API_KEY and "
            "OPENAI_MODEL_NAME in .env and start the server again; everything else works without one.",
        )


@dataclass(slots=True)
class TokenUsage:
    """The calls and tokens so far, as counted by the endpoint; estimated where it does not count."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def add(self, prompt_tokens: int, completion_tokens: int) -> None:
        self.calls += 1
        self.prompt_tokens += prompt_tokens
        self.completion_tokens += completion_tokens

    def join(self, other: "TokenUsage") -> None:
        self.calls += other.calls
        self.prompt_tokens += other.prompt_tokens
        self.completion_tokens += other.completion_tokens


class LanguageModel(Protocol):
    """Implemented by `backend.engines.language_model_client.LanguageModelClient`."""

    @property
    def name(self) -> str:
        """The model's name, stored with its answers."""
        ...

    @property
    def source(self) -> str:
        """The id of its endpoint, stored with its answers."""
        ...

    @property
    def context_tokens(self) -> int:
        """The most tokens of prompt and answer together. It shrinks where the endpoint turns out to read less."""
        ...

    async def complete_json(
        self, schema: type[Schema], system: str, prompt: str, *, max_tokens: int, usage: TokenUsage
    ) -> Schema:
        """The answer as an instance of `schema`; a second attempt if it does not fit. Raises LanguageModelError."""
        ...

    def stream_text(self, system: str, prompt: str, *, max_tokens: int, usage: TokenUsage) -> AsyncGenerator[str, None]:
        """The answer in pieces as they arrive. Raises LanguageModelError, also after some pieces if it is cut off."""
        ...


def estimate_tokens(text: str) -> int:
    """An upper estimate of the tokens of a text: one per Chinese character, one per three other characters."""
    wide = sum(1 for character in text if is_wide(character) or ord(character) > 0x2000)
    return wide + math.ceil((len(text) - wide) / 3)
