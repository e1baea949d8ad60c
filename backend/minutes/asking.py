"""Asking a model within its context; what it has answered once is kept and not paid for again."""

import hashlib
from dataclasses import asdict, dataclass, field
from typing import Protocol

from backend.engines.language import Form, LanguageModel, LanguageModelError, Tally, tokens_of


class Shelf(Protocol):
    """Where answers are kept, so that none is paid for twice."""

    async def get(self, key: str) -> dict[str, object] | None: ...

    async def put(self, key: str, value: dict[str, object]) -> None: ...


@dataclass(slots=True)
class Asking:
    """A model, what it has cost so far, and the shelf with what it has answered before."""

    model: LanguageModel
    shelf: Shelf | None = None
    tally: Tally = field(default_factory=Tally)
    paid: Tally = field(default_factory=Tally)  #: of these, what was asked now and not found on the shelf

    @property
    def answer_tokens(self) -> int:
        return min(1600, self.model.context_tokens // 4)

    def room(self, system: str, most_tokens: int) -> int:
        """Tokens left for data in one question."""
        return self.model.context_tokens - most_tokens - tokens_of(system) - 200  # the fences, and a second asking

    async def fill_in(self, form: type[Form], system: str, prompt: str, most_tokens: int) -> Form:
        parts = "\0".join((self.model.name, form.__name__, system, prompt))
        key = hashlib.sha256(parts.encode()).hexdigest()[:32]
        if self.shelf is not None and (kept := await self.shelf.get(key)) is not None:
            self.tally.join(Tally(**kept["tally"]))  # type: ignore[arg-type]
            return form.model_validate(kept["answer"])
        tally = Tally()
        try:
            answer = await self.model.fill_in(form, system, prompt, most_tokens=most_tokens, tally=tally)
        finally:
            self.tally.join(tally)
            self.paid.join(tally)
        if self.shelf is not None:
            await self.shelf.put(key, {"answer": answer.model_dump(mode="json"), "tally": asdict(tally)})
        return answer


def too_little() -> LanguageModelError:
    told = "The language model can read too little at once. Set its context tokens to what it can, 4096 at least."
    return LanguageModelError("language_model_context", told)


def nothing_at_all(code: str) -> LanguageModelError:
    told = "The language model gave nothing that can be used for any part. Try again later."
    return LanguageModelError(code, told)
