"""A client for any OpenAI-compatible endpoint. It uses openai's SDK, which is imported on first use.

The key is sent in requests and appears nowhere else. Redirects are not followed, because they could lead into a private
network.
"""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from backend.database import utc_now
from backend.engines.answer_parser import InvalidAnswer, ReasoningFilter, parse_answer, strip_reasoning
from backend.engines.language_model_protocol import LanguageModelError, Schema, TokenUsage, estimate_tokens
from backend.outbound.address_guard import HostNotFound, OutboundError, PrivateAddress, check_address
from backend.settings import Settings

if TYPE_CHECKING:
    from openai import AsyncOpenAI

logger = logging.getLogger(__name__)

#: The most attempts of one request if the endpoint is busy, down or slow.
MAX_ATTEMPTS = 4
#: The longest pause between two attempts. If the endpoint asks for more, there is no further attempt.
MAX_PAUSE_SECONDS = 60.0
#: The most characters of one token: a streamed answer is cut at the requested tokens times this.
_CHARACTERS_PER_TOKEN = 8
#: A streamed answer may take this many times the timeout in all.
_STREAM_TIMEOUTS = 5
#: Parameters that some endpoints do not support. They are left out after an endpoint has refused them.
_OPTIONAL_PARAMETERS = ("response_format", "stream_options", "temperature")

#: The endpoint of the settings.
BUILT_IN = "built-in"

Pause = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The address of a model and the limits of its use. Raises LanguageModelError for an invalid address."""

    url: str
    key: str = field(repr=False)
    model: str
    context_tokens: int = 8192
    concurrent: int = 2
    timeout: float = 120.0
    allow_private: bool = False
    id: str = BUILT_IN  #: stored with the usage

    def __post_init__(self) -> None:
        check_endpoint_address(self.url)


def check_endpoint_address(url: str) -> None:
    """Raise LanguageModelError unless `url` is a plain http or https address. Resolves nothing."""
    try:
        check_address(url)
    except OutboundError as error:
        raise _outbound_failure(error) from None


def endpoint_from_settings(settings: Settings) -> Endpoint | None:
    """The endpoint of the settings, or None: everything else works without a language model."""
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


class OpenAIClient:
    """Implements LanguageModel. At most `endpoint.concurrent` requests are open at once; clients with the same
    `semaphore` share its limit instead."""

    def __init__(
        self,
        endpoint: Endpoint,
        pause: Pause = asyncio.sleep,
        semaphore: asyncio.Semaphore | None = None,
        max_attempts: int = MAX_ATTEMPTS,
    ) -> None:
        self.endpoint = endpoint
        self._max_attempts = max_attempts
        self._pause = pause
        self._semaphore = semaphore or asyncio.Semaphore(endpoint.concurrent)
        self._client: AsyncOpenAI | None = None
        self._unsupported: set[str] = set()  #: the _OPTIONAL_PARAMETERS that this endpoint has refused
        self._length_parameter = "max_tokens"

    @property
    def name(self) -> str:
        return self.endpoint.model

    @property
    def source(self) -> str:
        return self.endpoint.id

    @property
    def context_tokens(self) -> int:
        return self.endpoint.context_tokens

    async def complete_json(
        self, schema: type[Schema], system: str, prompt: str, *, max_tokens: int, usage: TokenUsage
    ) -> Schema:
        problem = ""
        for _ in range(2):
            hint = f"\n\nYour last answer could not be used ({problem}). Answer with one JSON object only."
            text, complete = await self._complete(system, prompt + hint * bool(problem), max_tokens, usage)
            try:
                return parse_answer(schema, text)
            except InvalidAnswer as error:
                problem = str(error) if complete else "it was too long and was cut off; be brief"
        if not complete:
            raise LanguageModelError("language_model_truncated", "The language model's answer was cut off.")
        raise LanguageModelError(
            "language_model_bad_answer", "The language model's answer did not have the requested format, twice."
        )

    async def stream_text(
        self, system: str, prompt: str, *, max_tokens: int, usage: TokenUsage
    ) -> AsyncGenerator[str, None]:
        parameters = self._request(system, prompt, max_tokens)
        parameters |= {"stream": True, "stream_options": {"include_usage": True}}
        parameters.pop("response_format", None)
        reasoning_filter, received, finish, counts, empty = ReasoningFilter(), 0, "", None, True
        max_characters = max_tokens * _CHARACTERS_PER_TOKEN
        async with self._semaphore:
            stream = await self._create_with_retries(parameters)
            try:
                async for chunk in _with_timeouts(stream, self.endpoint.timeout):
                    counts = getattr(chunk, "usage", None) or counts
                    for choice in chunk.choices[:1]:
                        finish = choice.finish_reason or finish
                        if finish == "content_filter" or getattr(choice.delta, "refusal", None):
                            raise _refused()
                        piece = (choice.delta.content or "")[: max_characters - received]
                        received += len(piece)
                        if text := reasoning_filter.feed(piece):
                            empty = empty and not text.strip()
                            yield text
                    if received >= max_characters:  # the stream may never end
                        finish = finish or "length"
                        break
                if text := reasoning_filter.end():
                    empty = empty and not text.strip()
                    yield text
            except Exception as error:
                if isinstance(error, LanguageModelError):
                    raise
                raise _to_language_model_error(error) from None
            finally:
                await stream.close()
                usage.add(*_token_counts(counts, estimate_tokens(system + prompt), received))
        if finish not in ("stop", "length") or (empty and finish == "length"):
            raise LanguageModelError("language_model_truncated", "The language model's answer was cut off.", retry=True)
        if empty:
            raise LanguageModelError("language_model_bad_answer", "The language model's answer is empty.", retry=True)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    async def _complete(self, system: str, prompt: str, max_tokens: int, usage: TokenUsage) -> tuple[str, bool]:
        """The answer, and whether it is complete (not cut off)."""
        async with self._semaphore:
            answer = await self._create_with_retries(self._request(system, prompt, max_tokens))
        try:
            choice = answer.choices[0]
            text, refusal, finish = choice.message.content or "", choice.message.refusal, choice.finish_reason
            counts = answer.usage
        except (AttributeError, IndexError, TypeError):
            text, refusal, finish, counts = "", None, "stop", None  # the response is not a completion
        usage.add(*_token_counts(counts, estimate_tokens(system + prompt), len(text)))
        if refusal or finish == "content_filter":
            raise _refused()
        return strip_reasoning(text), finish != "length"

    def _request(self, system: str, prompt: str, max_tokens: int) -> dict[str, Any]:
        return {
            "model": self.endpoint.model,
            "messages": [{"role": "system", "content": system}, {"role": "user", "content": prompt}],
            "temperature": 0.2,
            "response_format": {"type": "json_object"},
            self._length_parameter: max_tokens,
        }

    async def _create_with_retries(self, parameters: dict[str, Any]) -> Any:
        """Send the request, and again after a pause if the error may be temporary."""
        for attempt in range(1, self._max_attempts + 1):
            try:
                return await self._create(parameters)
            except LanguageModelError:
                raise
            except Exception as error:
                failed, retry_after = _to_language_model_error(error), _retry_after(error)
            if not failed.retry or attempt == self._max_attempts or retry_after > MAX_PAUSE_SECONDS:
                raise failed
            seconds = min(2.0 ** (attempt - 1), MAX_PAUSE_SECONDS) * random.uniform(0.7, 1.3)  # noqa: S311  (jitter)
            logger.info("Language model request repeated", extra={"code": failed.code, "attempt": attempt})
            await self._pause(max(seconds, retry_after * random.uniform(1.0, 1.1)))  # noqa: S311
        raise AssertionError("unreachable")

    async def _create(self, parameters: dict[str, Any]) -> Any:
        import openai

        for _ in range(len(_OPTIONAL_PARAMETERS) + 2):
            supported = {name: value for name, value in parameters.items() if name not in self._unsupported}
            if "max_tokens" in supported:
                supported[self._length_parameter] = supported.pop("max_tokens")
            try:
                client = await self._open_client()
                return await _within(self.endpoint.timeout, client.chat.completions.create(**supported))
            except openai.BadRequestError as error:
                if not self._note_unsupported(str(error), supported):
                    raise
        raise AssertionError("unreachable")

    def _note_unsupported(self, message: str, parameters: dict[str, Any]) -> bool:
        """Whether the endpoint refused the request because of a parameter it does not support. That parameter is left
        out from now on."""
        if "max_completion_tokens" in message and self._length_parameter == "max_tokens":
            self._length_parameter = "max_completion_tokens"
            return True
        unsupported = {name for name in _OPTIONAL_PARAMETERS if name in message and name in parameters}
        self._unsupported |= unsupported
        return bool(unsupported)

    async def _open_client(self) -> "AsyncOpenAI":
        if self._client is None:
            await asyncio.to_thread(__import__, "openai")  # half a second
            import httpx2
            from openai import AsyncOpenAI

            from backend.outbound.pinned_transport import PinnedTransport

            if self._client is None:
                transport = PinnedTransport(allow_private=self.endpoint.allow_private)
                web = httpx2.AsyncClient(follow_redirects=False, timeout=self.endpoint.timeout, transport=transport)
                self._client = AsyncOpenAI(
                    api_key=self.endpoint.key, base_url=self.endpoint.url, max_retries=0, http_client=web
                )
        return self._client


async def _within(seconds: float, request: Awaitable[Any]) -> Any:
    """The result, or asyncio.TimeoutError. The SDK's own timeout starts again with every byte it receives."""
    task = asyncio.ensure_future(request)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if not done:
            raise asyncio.TimeoutError
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})


async def _with_timeouts(stream: Any, seconds: float) -> AsyncIterator[Any]:
    """The chunks of the stream. Raises asyncio.TimeoutError if one takes too long, or if the whole stream does: other
    requests wait for it."""
    chunks, clock = aiter(stream), asyncio.get_running_loop().time
    end = clock() + _STREAM_TIMEOUTS * seconds
    while True:
        try:
            yield await _within(min(seconds, max(end - clock(), 0.0)), anext(chunks))
        except StopAsyncIteration:
            return


def _to_language_model_error(error: Exception) -> LanguageModelError:
    """The error in our own words: the endpoint's message may contain a key or a whole prompt."""
    import openai

    cause: BaseException | None = error
    while cause is not None:  # the SDK wraps what our transport raises
        if isinstance(cause, OutboundError):
            return _outbound_failure(cause)
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, asyncio.TimeoutError | openai.APITimeoutError):
        return LanguageModelError("language_model_slow", "The language model did not answer in time.", retry=True)
    if not isinstance(error, openai.APIStatusError):
        detail = "The language model cannot be reached, or its answer cannot be read. Check its address."
        return LanguageModelError("language_model_unreachable", detail, retry=True)
    status = error.status_code
    if status in (401, 403):
        return LanguageModelError("language_model_key", "The language model does not accept the key. Check the key.")
    if status == 404:
        detail = "The endpoint does not know this model. Check its address and the model's name."
        return LanguageModelError("language_model_unknown", detail)
    if status == 429:
        detail = "The language model is overloaded, or its quota is used up. Try again later."
        return LanguageModelError("language_model_busy", detail, retry=True)
    if status in (400, 413, 422) and "context" in str(error).lower():
        detail = "The prompt is too long for the language model. Set its context tokens to the model's limit."
        return LanguageModelError("language_model_context", detail)
    retry = status in (408, 409, 425) or status >= 500
    return LanguageModelError("language_model_failed", f"The language model answered with status {status}.", retry)


def _outbound_failure(error: OutboundError) -> LanguageModelError:
    if isinstance(error, PrivateAddress):
        detail = (
            "The language model's address lies in a private network. If it is a server of your own, an admin can allow "
            "it: OPENAI_ALLOW_PRIVATE=true in .env, or the switch of the endpoint."
        )
        return LanguageModelError("language_model_address", detail)
    if isinstance(error, HostNotFound):
        detail = "The language model's host has no address. Check its address."
        return LanguageModelError("language_model_unreachable", detail, retry=True)
    detail = "The address must be like https://host/v1, without a name, a password or a question mark in it."
    return LanguageModelError("language_model_address", detail)


def _refused() -> LanguageModelError:
    return LanguageModelError("language_model_refused", "The language model refused to answer.")


def _retry_after(error: Exception) -> float:
    """The seconds of the endpoint's Retry-After header, or 0."""
    response = getattr(error, "response", None)
    value = response.headers.get("retry-after", "") if response is not None else ""
    try:
        return max(float(value), 0.0)
    except ValueError:
        pass
    try:
        return max((parsedate_to_datetime(value) - utc_now()).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return 0.0


def _token_counts(counts: Any, prompt: int, answer: int) -> tuple[int, int]:
    """The endpoint's counts where they are valid, else the estimates."""
    reported = (getattr(counts, "prompt_tokens", None), getattr(counts, "completion_tokens", None))
    estimates = (prompt, answer)
    return tuple(  # type: ignore[return-value]
        count if isinstance(count, int) and count > 0 else estimate
        for count, estimate in zip(reported, estimates, strict=True)
    )
