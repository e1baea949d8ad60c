"""The language model of a user: from the endpoint they chose, else the system-wide one, else the settings."""

import logging
from contextlib import suppress
from dataclasses import dataclass, field, replace
from time import monotonic

from pydantic import BaseModel

from backend.accounts.tables import Role, User
from backend.coordination.leases import Kind, Leases
from backend.coordination.semaphore import SharedSemaphore
from backend.database import Database
from backend.engines.endpoint_traits import EndpointTraits
from backend.engines.language_model_client import LanguageModelClient
from backend.engines.language_model_protocol import (
    LanguageModel,
    LanguageModelError,
    LanguageModelNotConfigured,
    TokenUsage,
    estimate_tokens,
)
from backend.engines.model_endpoint import Endpoint, endpoint_from_settings
from backend.minutes import endpoints
from backend.settings import Settings

logger = logging.getLogger(__name__)

#: Short, because a person waits for the answer to a test.
_TEST_SECONDS = 30.0
#: The most tokens of the long question of a test, and those left for its frame and the answer.
_LONG_QUESTION_TOKENS, _SPARE_TOKENS = 16_000, 600
_INSTRUCTION, _QUESTION = "只回答一个JSON对象。", '回答 {"ok": true}'
_LONG_QUESTION_LINE = "第{number}项：接口联调已经完成，进展已经同步，有问题随时在群里说。"


@dataclass(frozen=True, slots=True)
class EndpointTestResult:
    """The result of a test; `code` and `detail` describe the error, `reason` is the endpoint's own.
    `adapted` are the codes of what the endpoint wants otherwise than most (see `EndpointTraits.adapted`)."""

    ok: bool
    code: str | None
    detail: str
    seconds: float
    usage: TokenUsage
    reason: str = ""
    adapted: tuple[str, ...] = ()


class _TestAnswer(BaseModel):
    """Any JSON object shows that the endpoint can be used."""

    ok: bool = True


@dataclass(slots=True)
class Models:
    """One instance for the whole server. The settings limit the open calls of all endpoints and servers together."""

    database: Database
    settings: Settings
    leases: Leases
    _built_in: Endpoint | None = field(init=False)
    _semaphore: SharedSemaphore = field(init=False)
    _traits: dict[str, tuple[Endpoint, EndpointTraits]] = field(default_factory=dict)
    _clients: dict[str, LanguageModelClient] = field(default_factory=dict)
    _retired: list[LanguageModelClient] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._semaphore = SharedSemaphore(self.leases, Kind.QUESTION, self.settings.openai_max_concurrent)
        try:
            self._built_in = endpoint_from_settings(self.settings)
        except LanguageModelError as error:  # invalid address: everything else works without a model
            logger.warning("Language model is not used", extra={"code": error.code})
            self._built_in = None

    @property
    def built_in(self) -> Endpoint | None:
        """The endpoint of the settings."""
        return self._built_in

    async def endpoint(self, owner_id: str) -> Endpoint:
        """Raises LanguageModelNotConfigured where this user has none, LanguageModelError for a lost key."""
        async with self.database.read() as session:
            row = await endpoints.endpoint_for(session, owner_id=owner_id)
        endpoint = self._built_in if row is None else endpoints.to_endpoint(row, self.settings)
        if endpoint is None:
            raise LanguageModelNotConfigured
        return endpoint

    async def get_model(self, owner_id: str) -> LanguageModel:
        """Raises like `endpoint`."""
        endpoint = await self.endpoint(owner_id)
        known, traits = self._clients.get(endpoint.id), self._traits_of(endpoint)
        if known is not None and known.endpoint == endpoint and known.traits is traits:
            return known
        if known is not None:
            self._retired.append(known)  # calls may still be open
        client = LanguageModelClient(endpoint, semaphore=self._semaphore, traits=traits)
        self._clients[endpoint.id] = client
        return client

    async def find_model(self, owner_id: str) -> LanguageModel | None:
        try:
            return await self.get_model(owner_id)
        except LanguageModelError:
            return None

    async def test_endpoint(self, endpoint: Endpoint) -> EndpointTestResult:
        """Send a small question, and one as long as the context that was set, and return what happened. What was
        learned about the endpoint before is forgotten: it may have been changed since. What the test learns is kept."""
        model = LanguageModelClient(
            replace(endpoint, timeout=min(endpoint.timeout, _TEST_SECONDS)), semaphore=self._semaphore, max_attempts=1
        )
        usage, started = TokenUsage(), monotonic()
        code, detail, reason = None, "", ""
        try:
            await model.complete_json(_TestAnswer, _INSTRUCTION, _QUESTION, max_tokens=200, usage=usage)
            await _ask_long_question(model, usage)
            self._traits[endpoint.id] = (endpoint, model.traits)
        except LanguageModelError as error:
            code, detail, reason = error.code, error.detail, error.reason
        finally:
            await model.close()
        seconds = round(monotonic() - started, 2)
        return EndpointTestResult(
            code is None, code, detail, seconds, usage, reason, model.traits.adapted(endpoint.context_tokens)
        )

    async def explain(self, error: LanguageModelError, owner_id: str) -> LanguageModelError:
        """The error with the endpoint's own reason if this user may see it: an admin, or the owner of an own endpoint.
        Others would learn about an endpoint that is not theirs."""
        if error.reason:
            async with self.database.read() as session:
                row = await endpoints.endpoint_for(session, owner_id=owner_id)
                user = await session.get(User, owner_id)
            own = row is not None and row.owner_id == owner_id
            if own or (user is not None and Role(user.role).rank >= Role.ADMIN.rank):
                error.facts["endpoint_reason"] = error.reason
        return error

    def _traits_of(self, endpoint: Endpoint) -> EndpointTraits:
        """What is known about the endpoint; nothing after it was changed."""
        known = self._traits.get(endpoint.id)
        if known is None or known[0] != endpoint:
            known = self._traits[endpoint.id] = (endpoint, EndpointTraits())
        return known[1]

    async def close(self) -> None:
        for model in (*self._clients.values(), *self._retired):
            await model.close()


async def _ask_long_question(model: LanguageModelClient, usage: TokenUsage) -> None:
    """Let the model learn whether the endpoint reads as much as was set: some drop the rest without a word, and only
    their count of tokens shows it. An endpoint that is too slow or refuses it can be used all the same."""
    left, lines = min(model.context_tokens, _LONG_QUESTION_TOKENS) - _SPARE_TOKENS, list[str]()
    while (left := left - estimate_tokens(line := _LONG_QUESTION_LINE.format(number=len(lines) + 1))) > 0:
        lines.append(line)
    with suppress(LanguageModelError):
        await model.complete_json(
            _TestAnswer, _INSTRUCTION, "\n".join([*lines, _QUESTION]), max_tokens=200, usage=usage
        )
