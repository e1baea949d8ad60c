"""The language model that is asked for somebody: of the endpoint they have chosen, or the house, or the settings."""

import asyncio
import logging
from dataclasses import dataclass, field, replace
from time import monotonic

from pydantic import BaseModel

from backend.database import Database
from backend.engines.language import LanguageModel, LanguageModelError, LanguageModelMissing, Tally
from backend.engines.language_model import Endpoint, OpenAI, endpoint_of
from backend.minutes import endpoints
from backend.settings import Settings

logger = logging.getLogger(__name__)

#: A person waits for the answer to a test.
_TEST_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of asking an endpoint something small; `code` and `detail` say what is wrong."""

    ok: bool
    code: str | None
    detail: str
    seconds: float
    tally: Tally


class _Pong(BaseModel):
    ok: bool


@dataclass(slots=True)
class Models:
    """One for the whole server: of all endpoints together, no more questions are open at once than the
    settings allow."""

    database: Database
    settings: Settings
    _built_in: Endpoint | None = field(init=False)
    _gate: asyncio.Semaphore = field(init=False)
    _open: dict[str, OpenAI] = field(default_factory=dict)
    _retired: list[OpenAI] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._gate = asyncio.Semaphore(self.settings.openai_max_concurrent)
        try:
            self._built_in = endpoint_of(self.settings)
        except LanguageModelError as error:  # its address cannot be one: everything else works without
            logger.warning("Language model is not used", extra={"code": error.code})
            self._built_in = None

    @property
    def built_in(self) -> Endpoint | None:
        """That of the settings."""
        return self._built_in

    async def endpoint(self, owner_id: str) -> Endpoint:
        """Raises LanguageModelMissing where there is none for this user, LanguageModelError where its key is lost."""
        async with self.database.read() as session:
            row = await endpoints.chosen(session, owner_id=owner_id)
        endpoint = self._built_in if row is None else endpoints.opened(row, self.settings)
        if endpoint is None:
            raise LanguageModelMissing
        return endpoint

    async def of(self, owner_id: str) -> LanguageModel:
        """Raises like `endpoint`."""
        endpoint = await self.endpoint(owner_id)
        known = self._open.get(endpoint.id)
        if known is not None and known.endpoint == endpoint:
            return known
        if known is not None:
            self._retired.append(known)  # somebody may be asking it still
        self._open[endpoint.id] = fresh = OpenAI(endpoint, gate=self._gate)
        return fresh

    async def perhaps(self, owner_id: str) -> LanguageModel | None:
        try:
            return await self.of(owner_id)
        except LanguageModelError:
            return None

    async def try_out(self, endpoint: Endpoint) -> Tried:
        """Ask it something small, once, and say what happened."""
        model = OpenAI(replace(endpoint, timeout=min(endpoint.timeout, _TEST_SECONDS)), gate=self._gate, tries=1)
        tally, begun = Tally(), monotonic()
        code, detail = None, ""
        try:
            await model.fill_in(_Pong, "只回答一个JSON对象。", '回答 {"ok": true}', most_tokens=200, tally=tally)
        except LanguageModelError as error:
            code, detail = error.code, error.detail
        finally:
            await model.close()
        return Tried(code is None, code, detail, round(monotonic() - begun, 2), tally)

    async def close(self) -> None:
        for model in (*self._open.values(), *self._retired):
            await model.close()
