"""A language model behind any OpenAI-compatible endpoint, asked through openai's own SDK, which is loaded on first use.

The key is in the requests and nowhere else. Redirects are not followed: they could lead inside."""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from backend.database import utc_now
from backend.engines.addresses import check_address
from backend.engines.answers import Listener, Unreadable, read_answer, without_thoughts
from backend.engines.language import Form, LanguageModelError, Tally, tokens_of
from backend.settings import Settings

if TYPE_CHECKING:
    from openai import AsyncOpenAI

logger = logging.getLogger(__name__)

#: How often a question is asked in all where the endpoint is busy, down or slow.
TRIES = 4
#: The longest pause between two tries; an endpoint that wants more is asked no more.
LONGEST_PAUSE = 60.0
#: Characters of one token, at most; what is said beyond the tokens that were asked for is not heard.
_CHARACTERS = 8
#: An answer that streams may take as many times as long as silence lasts.
_STREAM = 5
#: What an endpoint may not know; it is left out where the endpoint says so.
_OPTIONAL = ("response_format", "stream_options", "temperature")

#: The endpoint of the settings.
BUILT_IN = "built-in"

Pause = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the model is, and how it may be asked. Raises LanguageModelError for an address that cannot be one."""

    url: str
    key: str = field(repr=False)
    model: str
    context_tokens: int = 8192
    concurrent: int = 2
    timeout: float = 120.0
    allow_private: bool = False
    id: str = BUILT_IN  #: for the record

    def __post_init__(self) -> None:
        check_address(self.url)


def endpoint_of(settings: Settings) -> Endpoint | None:
    """The endpoint of the settings, or None where there is none: everything else works without."""
    if not settings.openai_base_url and not settings.openai_api_key:
        return None
    return Endpoint(
        url=settings.openai_base_url or "https://api.openai.com/v1",
        key=settings.openai_api_key.get_secret_value() if settings.openai_api_key else "none",
        model=settings.openai_model_name,
        context_tokens=settings.openai_context_tokens,
        concurrent=settings.openai_max_concurrent,
        timeout=settings.openai_timeout_seconds,
        allow_private=settings.openai_allow_private,
    )


class OpenAI:
    """No more than `endpoint.concurrent` questions are open at once; with a `gate`, no more than that lets through
    of all who share it."""

    def __init__(
        self,
        endpoint: Endpoint,
        pause: Pause = asyncio.sleep,
        gate: asyncio.Semaphore | None = None,
        tries: int = TRIES,
    ) -> None:
        self.endpoint = endpoint
        self._tries = tries
        self._pause = pause
        self._gate = gate or asyncio.Semaphore(endpoint.concurrent)
        self._client: AsyncOpenAI | None = None
        self._unknown: set[str] = set()  #: of _OPTIONAL, what this endpoint has refused
        self._length = "max_tokens"

    @property
    def name(self) -> str:
        return self.endpoint.model

    @property
    def source(self) -> str:
        return self.endpoint.id

    @property
    def context_tokens(self) -> int:
        return self.endpoint.context_tokens

    async def fill_in(self, form: type[Form], system: str, prompt: str, *, most_tokens: int, tally: Tally) -> Form:
        problem = ""
        for _ in range(2):
            hint = f"\n\nYour last answer could not be used ({problem}). Answer with one JSON object only."
            text, whole = await self._whole(system, prompt + hint * bool(problem), most_tokens, tally)
            try:
                return read_answer(form, text)
            except Unreadable as error:
                problem = str(error) if whole else "it was too long and was cut off; be brief"
        if not whole:
            raise LanguageModelError("language_model_truncated", "The language model's answer was cut off.")
        raise LanguageModelError(
            "language_model_bad_answer", "The language model's answer did not have the form that was asked for, twice."
        )

    async def say(self, system: str, prompt: str, *, most_tokens: int, tally: Tally) -> AsyncGenerator[str, None]:
        asked = self._request(system, prompt, most_tokens) | {"stream": True, "stream_options": {"include_usage": True}}
        asked.pop("response_format", None)
        listener, heard, ended, used, silent = Listener(), 0, "", None, True
        most = most_tokens * _CHARACTERS
        async with self._gate:
            stream = await self._patiently(asked)
            try:
                async for chunk in _in_time(stream, self.endpoint.timeout):
                    used = getattr(chunk, "usage", None) or used
                    for choice in chunk.choices[:1]:
                        ended = choice.finish_reason or ended
                        if ended == "content_filter" or getattr(choice.delta, "refusal", None):
                            raise _refused()
                        piece = (choice.delta.content or "")[: most - heard]
                        heard += len(piece)
                        if text := listener.hear(piece):
                            silent = silent and not text.strip()
                            yield text
                    if heard >= most:  # it may never end
                        ended = ended or "length"
                        break
                if text := listener.end():
                    silent = silent and not text.strip()
                    yield text
            except Exception as error:
                if isinstance(error, LanguageModelError):
                    raise
                raise _understood(error) from None
            finally:
                await stream.close()
                tally.add(*_counted(used, tokens_of(system + prompt), heard))
        if ended not in ("stop", "length") or (silent and ended == "length"):
            raise LanguageModelError("language_model_truncated", "The language model's answer was cut off.", retry=True)
        if silent:
            raise LanguageModelError("language_model_bad_answer", "The language model said nothing.", retry=True)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    async def _whole(self, system: str, prompt: str, most_tokens: int, tally: Tally) -> tuple[str, bool]:
        """The answer, and whether it came to its end by itself."""
        async with self._gate:
            answer = await self._patiently(self._request(system, prompt, most_tokens))
        try:
            choice = answer.choices[0]
            text, refusal, finish = choice.message.content or "", choice.message.refusal, choice.finish_reason
            used = answer.usage
        except (AttributeError, IndexError, TypeError):
            text, refusal, finish, used = "", None, "stop", None  # what it sent is no completion at all
        tally.add(*_counted(used, tokens_of(system + prompt), len(text)))
        if refusal or finish == "content_filter":
            raise _refused()
        return without_thoughts(text), finish != "length"

    def _request(self, system: str, prompt: str, most_tokens: int) -> dict[str, Any]:
        return {
            "model": self.endpoint.model,
            "messages": [{"role": "system", "content": system}, {"role": "user", "content": prompt}],
            "temperature": 0.2,
            "response_format": {"type": "json_object"},
            self._length: most_tokens,
        }

    async def _patiently(self, asked: dict[str, Any]) -> Any:
        """Ask, and ask again after a pause where that may help; no longer than a person would."""
        for attempt in range(1, self._tries + 1):
            try:
                return await self._once(asked)
            except LanguageModelError:
                raise
            except Exception as error:
                failed, wanted = _understood(error), _retry_after(error)
            if not failed.retry or attempt == self._tries or wanted > LONGEST_PAUSE:
                raise failed
            seconds = min(2.0 ** (attempt - 1), LONGEST_PAUSE) * random.uniform(0.7, 1.3)  # noqa: S311  (jitter)
            logger.info("Language model asked again", extra={"code": failed.code, "attempt": attempt})
            await self._pause(max(seconds, wanted * random.uniform(1.0, 1.1)))  # noqa: S311
        raise AssertionError("unreachable")

    async def _once(self, asked: dict[str, Any]) -> Any:
        import openai

        for _ in range(len(_OPTIONAL) + 2):
            wanted = {name: value for name, value in asked.items() if name not in self._unknown}
            if "max_tokens" in wanted:
                wanted[self._length] = wanted.pop("max_tokens")
            try:
                return await _within(self.endpoint.timeout, (await self._opened()).chat.completions.create(**wanted))
            except openai.BadRequestError as error:
                if not self._learn(str(error), wanted):
                    raise
        raise AssertionError("unreachable")

    def _learn(self, complaint: str, asked: dict[str, Any]) -> bool:
        """Whether the endpoint refused only a word it does not know; then it will not hear it again."""
        if "max_completion_tokens" in complaint and self._length == "max_tokens":
            self._length = "max_completion_tokens"
            return True
        unknown = {name for name in _OPTIONAL if name in complaint and name in asked}
        self._unknown |= unknown
        return bool(unknown)

    async def _opened(self) -> "AsyncOpenAI":
        if self._client is None:
            await asyncio.to_thread(__import__, "openai")  # half a second
            import httpx2
            from openai import AsyncOpenAI

            from backend.engines.pinned import PinnedTransport

            if self._client is None:
                pinned = PinnedTransport(allow_private=self.endpoint.allow_private)
                web = httpx2.AsyncClient(follow_redirects=False, timeout=self.endpoint.timeout, transport=pinned)
                self._client = AsyncOpenAI(
                    api_key=self.endpoint.key, base_url=self.endpoint.url, max_retries=0, http_client=web
                )
        return self._client


async def _within(seconds: float, asked: Awaitable[Any]) -> Any:
    """The answer, or asyncio.TimeoutError; the SDK's own timeout begins anew with every byte."""
    task = asyncio.ensure_future(asked)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if not done:
            raise asyncio.TimeoutError
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})


async def _in_time(stream: Any, seconds: float) -> AsyncIterator[Any]:
    """Its chunks; asyncio.TimeoutError where it falls silent, or says little for ever: others wait for its place."""
    chunks, clock = aiter(stream), asyncio.get_running_loop().time
    end = clock() + _STREAM * seconds
    while True:
        try:
            yield await _within(min(seconds, max(end - clock(), 0.0)), anext(chunks))
        except StopAsyncIteration:
            return


def _understood(error: Exception) -> LanguageModelError:
    """What went wrong, in our words: the endpoint's own may hold a key or a whole prompt."""
    import openai

    cause: BaseException | None = error
    while cause is not None:  # what `resolved` raises comes wrapped by the SDK
        if isinstance(cause, LanguageModelError):
            return cause
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, asyncio.TimeoutError | openai.APITimeoutError):
        return LanguageModelError("language_model_slow", "The language model did not answer in time.", retry=True)
    if not isinstance(error, openai.APIStatusError):
        told = "The language model cannot be reached, or what it sends cannot be read. Check its address."
        return LanguageModelError("language_model_unreachable", told, retry=True)
    status = error.status_code
    if status in (401, 403):
        return LanguageModelError("language_model_key", "The language model refuses the key. Check the key.")
    if status == 404:
        told = "The endpoint does not know this model. Check its address and the model's name."
        return LanguageModelError("language_model_unknown", told)
    if status == 429:
        told = "The language model has too much to do, or its quota is used up. Try again later."
        return LanguageModelError("language_model_busy", told, retry=True)
    if status in (400, 413, 422) and "context" in str(error).lower():
        told = "The language model cannot read so much at once. Set its context tokens to what it can."
        return LanguageModelError("language_model_context", told)
    retry = status in (408, 409, 425) or status >= 500
    return LanguageModelError("language_model_failed", f"The language model answered with status {status}.", retry)


def _refused() -> LanguageModelError:
    return LanguageModelError("language_model_refused", "The language model refused to answer.")


def _retry_after(error: Exception) -> float:
    """Seconds the endpoint wants to be left alone, 0 where it does not say."""
    response = getattr(error, "response", None)
    told = response.headers.get("retry-after", "") if response is not None else ""
    try:
        return max(float(told), 0.0)
    except ValueError:
        pass
    try:
        return max((parsedate_to_datetime(told) - utc_now()).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return 0.0


def _counted(used: Any, prompt: int, answer: int) -> tuple[int, int]:
    told = (getattr(used, "prompt_tokens", None), getattr(used, "completion_tokens", None))
    guessed = (prompt, answer)
    return tuple(  # type: ignore[return-value]
        known if isinstance(known, int) and known > 0 else guess for known, guess in zip(told, guessed, strict=True)
    )
