"""Questions to a language model within its context size; answers are cached, so no question is paid for twice."""

import hashlib
from dataclasses import asdict, dataclass, field
from typing import Protocol

from backend.engines.language_model_protocol import (
    LanguageModel,
    LanguageModelError,
    Schema,
    TokenUsage,
    estimate_tokens,
)

#: Errors that a smaller prompt may avoid.
TOO_LONG = ("language_model_context", "language_model_prompt_cut", "language_model_truncated")


class AnswerCache(Protocol):
    """Stores answers of a model by key."""

    async def get(self, key: str) -> dict[str, object] | None: ...

    async def put(self, key: str, value: dict[str, object]) -> None: ...


@dataclass(slots=True)
class CachedModel:
    """A model, its token usage so far, and the cache of its earlier answers."""

    model: LanguageModel
    cache: AnswerCache | None = None
    usage: TokenUsage = field(default_factory=TokenUsage)
    billed: TokenUsage = field(default_factory=TokenUsage)  #: the part of `usage` that was not answered from the cache

    @property
    def answer_tokens(self) -> int:
        return min(1600, self.model.context_tokens // 4)

    def data_tokens(self, system: str, max_tokens: int) -> int:
        """Tokens left for the data of one question."""
        # 200 are for the fences and a repeated question.
        return self.model.context_tokens - max_tokens - estimate_tokens(system) - 200

    async def complete_json(self, form: type[Schema], system: str, prompt: str, max_tokens: int) -> Schema:
        parts = "\0".join((self.model.name, form.__name__, system, prompt))
        key = hashlib.sha256(parts.encode()).hexdigest()[:32]
        if self.cache is not None and (cached := await self.cache.get(key)) is not None:
            self.usage.join(TokenUsage(**cached["tally"]))  # type: ignore[arg-type]
            return form.model_validate(cached["answer"])
        usage = TokenUsage()
        try:
            answer = await self.model.complete_json(form, system, prompt, max_tokens=max_tokens, usage=usage)
        finally:
            self.usage.join(usage)
            self.billed.join(usage)
        if self.cache is not None:
            await self.cache.put(key, {"answer": answer.model_dump(mode="json"), "tally": asdict(usage)})
        return answer


def reads_less(error: LanguageModelError, model: LanguageModel, context_tokens: int) -> bool:
    """Whether the error has shown that the model reads less than `context_tokens`: a smaller prompt may do."""
    return error.code in TOO_LONG and model.context_tokens < context_tokens


def context_too_small() -> LanguageModelError:
    message = "The language model's context is too small. Set its context tokens to its real size, 4096 at least."
    return LanguageModelError("language_model_context", message)


def no_usable_answer(error: LanguageModelError) -> LanguageModelError:
    """The error of a task no part of which was done, because of `error`."""
    found = LanguageModelError(error.code, f"The language model did no part of this. {error.detail}")
    found.reason = error.reason
    return found
