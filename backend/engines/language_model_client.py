"""A client for the endpoint of a language model, whatever it wants: what it refuses is learned and left out.

The key is sent in requests and appears nowhere else."""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass
from typing import Any

from backend.engines.answer_parser import InvalidAnswer, parse_answer
from backend.engines.endpoint_reason import EndpointRefusal, error_of, shown_reason
from backend.engines.endpoint_traits import CutPrompt, EndpointTraits
from backend.engines.language_model_protocol import LanguageModelError, Schema, TokenUsage
from backend.engines.model_connection import ModelConnection
from backend.engines.model_endpoint import Endpoint
from backend.engines.reasoning_marks import ReasoningFilter
from backend.engines.wire_formats import WIRE_FORMATS, AnswerPiece, Finish, ModelQuestion, answer_room

logger = logging.getLogger(__name__)

#: The most attempts of one request if the endpoint is busy, down or slow.
MAX_ATTEMPTS = 4
#: The longest pause between two attempts. If the endpoint asks for more, there is no further attempt.
MAX_PAUSE_SECONDS = 60.0
#: The most characters of one token: a streamed answer is cut at the requested tokens times this.
_CHARACTERS_PER_TOKEN = 8
#: The most characters of an answer that is not shown before it is whole, with thoughts in it.
_MAX_CHARACTERS = 2_000_000
#: An answer that is streamed, or that thoughts come before, may take this many times the timeout in all.
_LONG_ANSWER_TIMEOUTS = 5
#: The most refusals of one request from which something is learned.
_MAX_LESSONS = 8
#: The statuses with which endpoints refuse parameters. Gateways pass the refusal of the endpoint behind them on as 500.
_REFUSING = (200, 400, 404, 415, 422, 500, 501)

Pause = Callable[[float], Awaitable[None]]


@dataclass(slots=True)
class _Progress:
    """What is known of an answer while it arrives."""

    finish: Finish | None = None
    ended: bool = False  #: the endpoint has said that this is the end
    thoughts: bool = False
    characters: int = 0
    prompt_tokens: int | None = None
    completion_tokens: int | None = None

    def add(self, piece: AnswerPiece) -> None:
        self.finish = piece.finish or self.finish
        self.thoughts |= piece.thoughts
        self.characters += len(piece.text)
        self.prompt_tokens = piece.prompt_tokens or self.prompt_tokens
        self.completion_tokens = piece.completion_tokens or self.completion_tokens


class LanguageModelClient:
    """Implements LanguageModel. At most `endpoint.concurrent` requests are open at once; clients with the same
    `semaphore` share its limit instead, and clients with the same `traits` what they have learned."""

    def __init__(
        self,
        endpoint: Endpoint,
        pause: Pause = asyncio.sleep,
        semaphore: AbstractAsyncContextManager[None] | None = None,
        max_attempts: int = MAX_ATTEMPTS,
        traits: EndpointTraits | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.traits = traits or EndpointTraits()
        self._max_attempts = max_attempts
        self._pause = pause
        self._semaphore = semaphore or asyncio.Semaphore(endpoint.concurrent)
        self._wire = WIRE_FORMATS[endpoint.protocol]
        self._connection = ModelConnection(endpoint, self._wire)

    @property
    def name(self) -> str:
        return self.endpoint.model

    @property
    def source(self) -> str:
        return self.endpoint.id

    @property
    def context_tokens(self) -> int:
        tokens = min(self.endpoint.context_tokens, self.traits.context_tokens or self.endpoint.context_tokens)
        return tokens - (self.traits.thinking_tokens if self.traits.thinking_in_context else 0)

    async def complete_json(
        self, schema: type[Schema], system: str, prompt: str, *, max_tokens: int, usage: TokenUsage
    ) -> Schema:
        problem, complete = "", True
        for _ in range(2):
            hint = f"\n\nYour last answer could not be used ({problem}). Answer with one JSON object only."
            question = ModelQuestion(system, prompt + hint * bool(problem), max_tokens, schema)
            text, complete = await self._complete(question, usage)
            try:
                return parse_answer(schema, text)
            except InvalidAnswer as error:
                problem = str(error) if complete else "it was too long and was cut off; be brief"
        if not complete:
            raise _truncated()
        raise LanguageModelError(
            "language_model_bad_answer", "The language model's answer did not have the requested format, twice."
        )

    async def stream_text(
        self, system: str, prompt: str, *, max_tokens: int, usage: TokenUsage
    ) -> AsyncGenerator[str, None]:
        question, empty = ModelQuestion(system, prompt, max_tokens), True
        while True:
            given, progress = self._thinking_room(question), _Progress()
            reasoning = ReasoningFilter(begins_in_thoughts=self.traits.thoughts_unmarked)
            limit = (max_tokens + given) * _CHARACTERS_PER_TOKEN
            async with self._semaphore:
                async with aclosing(self._pieces(question, usage, progress, limit, stream=True)) as pieces:
                    async for piece in pieces:
                        text = reasoning.feed(piece)
                        if reasoning.unmarked:
                            break
                        empty = empty and not text.strip()
                        if text:
                            yield text
                if text := "" if reasoning.unmarked else reasoning.end():
                    empty = empty and not text.strip()
                    yield text
            if reasoning.unmarked:  # what was heard so far were thoughts, and next time they are held back
                self.traits.thoughts_unmarked = True
                if empty:
                    continue
            thoughts = progress.thoughts or reasoning.thoughts
            if empty and progress.finish is Finish.LENGTH and self._give_more_room(question, given):
                continue
            break
        if progress.finish is Finish.LENGTH and empty:
            raise self._without_answer(thoughts)
        if progress.finish is None and not progress.ended:
            raise _truncated(retry=True)
        if reasoning.unmarked or empty:
            raise LanguageModelError("language_model_bad_answer", "The language model's answer is empty.", retry=True)

    async def close(self) -> None:
        await self._connection.close()

    async def _complete(self, question: ModelQuestion, usage: TokenUsage) -> tuple[str, bool]:
        """The answer without thoughts, and whether it is complete (not cut off)."""
        while True:
            given, progress = self._thinking_room(question), _Progress()
            reasoning = ReasoningFilter()
            async with self._semaphore, aclosing(self._pieces(question, usage, progress, _MAX_CHARACTERS)) as pieces:
                said = "".join([piece async for piece in pieces])
            text = (reasoning.feed(said) + reasoning.end()).strip()
            self.traits.thoughts_unmarked |= reasoning.unmarked
            thoughts = progress.thoughts or reasoning.thoughts
            if progress.finish is Finish.LENGTH and (thoughts or not text) and self._give_more_room(question, given):
                continue
            if progress.finish is Finish.LENGTH and not text:
                raise self._without_answer(thoughts)
            return text, progress.finish is not Finish.LENGTH and (progress.ended or progress.finish is not None)

    async def _pieces(
        self, question: ModelQuestion, usage: TokenUsage, progress: _Progress, limit: int, *, stream: bool = False
    ) -> AsyncGenerator[str, None]:
        """The pieces of the answer's text, with thoughts in them. Raises LanguageModelError, also after some pieces."""
        events = await self._open_with_retries(question, stream)
        try:
            async with aclosing(events):
                async for event in events:
                    if event is None:
                        progress.ended = True
                        continue
                    piece = self._wire.piece(event)
                    text = piece.text[: max(limit - progress.characters, 0)]
                    progress.add(piece)
                    if progress.finish is Finish.REFUSED:
                        raise LanguageModelError("language_model_refused", "The language model refused to answer.")
                    if progress.finish is Finish.BROKEN:
                        detail = "The language model broke off its answer. Try again later."
                        raise LanguageModelError("language_model_failed", detail, retry=True)
                    if text:
                        yield text
                    if progress.characters >= limit:  # the stream may never end
                        progress.finish = progress.finish or Finish.LENGTH
                        break
        except EndpointRefusal as refusal:
            raise self._error(refusal, question) from None
        finally:
            usage.add(
                progress.prompt_tokens or question.tokens,
                progress.completion_tokens or max(progress.characters, 0),
            )
        self._examine_count(question, progress)

    async def _open_with_retries(
        self, question: ModelQuestion, stream: bool
    ) -> AsyncGenerator[Mapping[str, Any] | None, None]:
        """The events of the answer. The request is sent again after a pause if the error may be temporary."""
        for attempt in range(1, self._max_attempts + 1):
            retry_after = 0.0
            try:
                return await self._open(question, stream)
            except EndpointRefusal as refusal:
                failed, retry_after = self._error(refusal, question), refusal.retry_after
            except LanguageModelError as error:
                failed = error
            if not failed.retry or attempt == self._max_attempts or retry_after > MAX_PAUSE_SECONDS:
                raise failed
            seconds = min(2.0 ** (attempt - 1), MAX_PAUSE_SECONDS) * random.uniform(0.7, 1.3)  # noqa: S311  (jitter)
            logger.info("Language model request repeated", extra={"code": failed.code, "attempt": attempt})
            await self._pause(max(seconds, retry_after * random.uniform(1.0, 1.1)))  # noqa: S311
        raise AssertionError("unreachable")

    async def _open(self, question: ModelQuestion, stream: bool) -> AsyncGenerator[Mapping[str, Any] | None, None]:
        """Send the request, without what the endpoint refuses, and wait for the first event. A request that is not
        streamed is waited for until its end."""
        for _ in range(_MAX_LESSONS):
            streamed = stream or self.traits.stream_only
            body = self._wire.body(self.endpoint, self.traits, question, stream=streamed)
            long = streamed or self.traits.thinking_tokens
            seconds = self.endpoint.timeout * (_LONG_ANSWER_TIMEOUTS if long else 1)
            events = self._connection.events(body, seconds)
            try:
                first = [await anext(events, None)]
                if not streamed:
                    first += [event async for event in events]
            except EndpointRefusal as refusal:
                if refusal.status not in _REFUSING or not self._learn(refusal, body, question, streamed):
                    raise
                logger.info("Language model endpoint refused parameters", extra={"endpoint": self.endpoint.id})
                continue
            return _joined(first, events)
        raise AssertionError("unreachable")

    def _learn(self, refusal: EndpointRefusal, body: Mapping[str, Any], question: ModelQuestion, stream: bool) -> bool:
        """Whether the request is another one after what the endpoint has said."""
        self.traits.learn(refusal.reason.words, body)
        if self.traits.thinking_tokens and error_of(refusal.status, refusal.reason).code == "language_model_context":
            self.traits.fit_thoughts_into(self.traits.context_tokens or self.endpoint.context_tokens)
        stream = stream or self.traits.stream_only
        return self._wire.body(self.endpoint, self.traits, question, stream=stream) != body

    def _give_more_room(self, question: ModelQuestion, given: int) -> bool:
        """Whether the next request has more room for thoughts than `given`."""
        more = self.traits.give_more_room(given) and self._thinking_room(question) > given
        if more:
            logger.info("Language model needs room for its thoughts", extra={"tokens": self.traits.thinking_tokens})
        return more

    def _thinking_room(self, question: ModelQuestion) -> int:
        return answer_room(self.endpoint, self.traits, question) - question.max_tokens

    def _examine_count(self, question: ModelQuestion, progress: _Progress) -> None:
        """Raise LanguageModelError where the endpoint has read only a part of the prompt: its answer is about that part
        only, and nothing in it says so."""
        found = self.traits.examine_count(question.tokens, progress.prompt_tokens)
        if found is CutPrompt.NO or progress.prompt_tokens is None:
            return
        if found is CutPrompt.CERTAIN:
            self.traits.narrow_context(progress.prompt_tokens)
        logger.warning("Language model read a part of a prompt", extra={"tokens": progress.prompt_tokens})
        detail = (
            f"The language model reads only {progress.prompt_tokens} tokens of a prompt, and drops the rest without a "
            "word. Set its context tokens to that, or let it read more (Ollama: num_ctx, or choose its own protocol)."
        )
        raise LanguageModelError("language_model_prompt_cut", detail)

    def _without_answer(self, thoughts: bool) -> LanguageModelError:
        """The error of an answer that is cut off before its beginning, with all the room there is."""
        if not thoughts:
            self.traits.take_room_back()
            return _truncated()
        detail = (
            "The language model's thoughts took all the room of its answer. Switch its thinking off with a parameter "
            'of the endpoint, such as {"enable_thinking": false}, or choose another model.'
        )
        return LanguageModelError("language_model_truncated", detail)

    def _error(self, refusal: EndpointRefusal, question: ModelQuestion) -> LanguageModelError:
        error = error_of(refusal.status, refusal.reason)
        error.reason = shown_reason(refusal.reason.sentence, self.endpoint.key, question.system + question.prompt)
        return error


def _truncated(*, retry: bool = False) -> LanguageModelError:
    return LanguageModelError("language_model_truncated", "The language model's answer was cut off.", retry)


async def _joined(
    first: list[Mapping[str, Any] | None], events: AsyncGenerator[Mapping[str, Any] | None, None]
) -> AsyncGenerator[Mapping[str, Any] | None, None]:
    async with aclosing(events):
        for event in first:
            yield event
        async for event in events:
            yield event
