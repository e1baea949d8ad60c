"""The language model of a user: from the endpoint they chose, else the system-wide one, else the settings."""

import asyncio
import logging
from dataclasses import dataclass, field, replace
from time import monotonic

from pydantic import BaseModel

from backend.database import Database
from backend.engines.language_model_protocol import (
    LanguageModel,
    LanguageModelError,
    LanguageModelNotConfigured,
    TokenUsage,
)
from backend.engines.openai_client import Endpoint, OpenAIClient, endpoint_from_settings
from backend.minutes import endpoints
from backend.settings import Settings

logger = logging.getLogger(__name__)

#: Short, because a person waits for the answer to a test.
_TEST_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class EndpointTestResult:
    """The result of a small test question; `code` and `detail` describe the error."""

    ok: bool
    code: str | None
    detail: str
    seconds: float
    usage: TokenUsage


class _TestAnswer(BaseModel):
    ok: bool


@dataclass(slots=True)
class Models:
    """One instance for the whole server. The settings limit the open calls of all endpoints together."""

    database: Database
    settings: Settings
    _built_in: Endpoint | None = field(init=False)
    _semaphore: asyncio.Semaphore = field(init=False)
    _clients: dict[str, OpenAIClient] = field(default_factory=dict)
    _retired: list[OpenAIClient] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._semaphore = asyncio.Semaphore(self.settings.openai_max_concurrent)
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
        known = self._clients.get(endpoint.id)
        if known is not None and known.endpoint == endpoint:
            return known
        if known is not None:
            self._retired.append(known)  # calls may still be open
        self._clients[endpoint.id] = client = OpenAIClient(endpoint, semaphore=self._semaphore)
        return client

    async def find_model(self, owner_id: str) -> LanguageModel | None:
        try:
            return await self.get_model(owner_id)
        except LanguageModelError:
            return None

    async def test_endpoint(self, endpoint: Endpoint) -> EndpointTestResult:
        """Send one small question and return what happened."""
        model = OpenAIClient(
            replace(endpoint, timeout=min(endpoint.timeout, _TEST_SECONDS)), semaphore=self._semaphore, max_attempts=1
        )
        usage, started = TokenUsage(), monotonic()
        code, detail = None, ""
        try:
            await model.complete_json(
                _TestAnswer, "只回答一个JSON对象。", '回答 {"ok": true}', max_tokens=200, usage=usage
            )
        except LanguageModelError as error:
            code, detail = error.code, error.detail
        finally:
            await model.close()
        return EndpointTestResult(code is None, code, detail, round(monotonic() - started, 2), usage)

    async def close(self) -> None:
        for model in (*self._clients.values(), *self._retired):
            await model.close()
