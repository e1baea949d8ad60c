"""The OpenAI client: answers, retries, limits, streaming and errors, against a local server."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from backend.engines.language_model_client import MAX_ATTEMPTS, MAX_PAUSE_SECONDS, LanguageModelClient
from backend.engines.language_model_protocol import LanguageModelError, TokenUsage, estimate_tokens
from backend.engines.model_endpoint import Endpoint, endpoint_from_settings
from backend.settings import Settings
from tests.language_server import KEY, MODEL, LanguageServer, Reply, Script, fault, in_sequence, serve_language


class Weather(BaseModel):
    sky: str
    degrees: int


FINE = Weather(sky="blue", degrees=21)
GOOD = Reply(FINE.model_dump())


class ClientFixture:
    """A client, its server, and the pauses it requested between attempts."""

    def __init__(self, server: LanguageServer, **changed: Any) -> None:
        self.server = server
        self.pauses: list[float] = []
        self.usage = TokenUsage()
        values = {"url": server.url, "key": KEY, "model": MODEL, "allow_private": True, "timeout": 10.0}
        self.model = LanguageModelClient(Endpoint(**{**values, **changed}), self._pause)

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    async def weather(self) -> Weather:
        return await self.model.complete_json(
            Weather, "Be brief.", "How is the weather?", max_tokens=200, usage=self.usage
        )

    async def stream(self) -> str:
        spoken = self.model.stream_text("Be brief.", "How is the weather?", max_tokens=200, usage=self.usage)
        return "".join([text async for text in spoken])


OpenClient = Callable[..., AbstractAsyncContextManager[ClientFixture]]


@pytest.fixture
def open_client() -> OpenClient:
    @asynccontextmanager
    async def open_with(script: Script | Reply, **changed: Any) -> AsyncIterator[ClientFixture]:
        with serve_language(in_sequence(script) if isinstance(script, Reply) else script) as server:
            client = ClientFixture(server, **changed)
            try:
                yield client
            finally:
                await client.model.close()

    return open_with


async def test_an_answer_has_the_requested_schema_and_tokens_are_counted(open_client: OpenClient) -> None:
    async with open_client(GOOD) as client:
        assert await client.weather() == FINE

    asked = client.server.requests[0]
    assert asked.body["response_format"] == {"type": "json_object"}
    assert client.usage == TokenUsage(1, asked.tokens, estimate_tokens(GOOD.text))


@pytest.mark.parametrize(
    "text",
    [
        f"```json\n{GOOD.text}\n```",
        f"Here you are:\n```\n{GOOD.text}\n```\nAnything else?",
        f"<think>The sky {{is}} blue.</think>{GOOD.text}",
        f"The sky {{is}} blue.</think>{GOOD.text}",
        '{"sky": "blue", "degrees": 21,}',
        f"{GOOD.text} {GOOD.text}",
        '\ufeff{"sky": "blue", "degrees": 21, "tool_calls": [{"name": "rm"}]}',
    ],
)
async def test_json_inside_fences_and_other_text_is_parsed_at_once(open_client: OpenClient, text: str) -> None:
    async with open_client(Reply(text)) as client:
        assert await client.weather() == FINE

    assert len(client.server.requests) == 1


@pytest.mark.parametrize(
    "bad",
    [
        Reply("It is fine."),
        Reply(""),
        Reply({"sky": "blue"}),
        Reply({"sky": ["blue"], "degrees": "warm"}),
        Reply([1, 2]),
        Reply('{"sky": "blue", "deg', finish="length"),
        Reply("[" * 100_000),
        Reply('{"sky": ' + '{"a": ' * 50_000),
        Reply('{"sky": "blue", "degrees": ' + "9" * 5000 + "}"),
        Reply(raw=b'{"object": "chat.completion"}'),
        Reply(raw=b'{"choices": []}'),
    ],
)
async def test_an_unusable_answer_is_requested_a_second_time_only(open_client: OpenClient, bad: Reply) -> None:
    async with open_client(in_sequence(bad, GOOD)) as client:
        assert await client.weather() == FINE
        assert "could not be used" in client.server.requests[1].prompt

    async with open_client(bad) as client:
        with pytest.raises(LanguageModelError) as failed:
            await client.weather()

    wanted = "language_model_truncated" if bad.finish == "length" else "language_model_bad_answer"
    assert (failed.value.code, len(client.server.requests)) == (wanted, 2)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 529])
async def test_a_busy_or_broken_endpoint_is_retried_with_growing_pauses(open_client: OpenClient, status: int) -> None:
    async with open_client(in_sequence(fault(status), fault(status), GOOD)) as client:
        assert await client.weather() == FINE

    assert 0.7 <= client.pauses[0] <= 1.3
    assert 1.4 <= client.pauses[1] <= 2.6


async def test_retry_after_is_honoured_in_seconds_and_as_a_date_up_to_a_limit(open_client: OpenClient) -> None:
    async with open_client(in_sequence(fault(429, Retry_After="17"), GOOD)) as client:
        await client.weather()
        assert 17 <= client.pauses[0] <= 18.7

    async with open_client(in_sequence(fault(503, Retry_After="Fri, 01 Jan 2010 00:00:00 GMT"), GOOD)) as client:
        await client.weather()
        assert client.pauses[0] <= 1.3

    async with open_client(fault(429, Retry_After=str(MAX_PAUSE_SECONDS + 1))) as client:
        with pytest.raises(LanguageModelError) as busy:
            await client.weather()
        assert (busy.value.code, busy.value.retry, client.pauses) == ("language_model_busy", True, [])


async def test_attempts_are_limited(open_client: OpenClient) -> None:
    async with open_client(fault(500)) as client:
        with pytest.raises(LanguageModelError) as failed:
            await client.weather()

    assert (failed.value.code, failed.value.retry) == ("language_model_failed", True)
    assert len(client.server.requests) == MAX_ATTEMPTS


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (fault(400, "maximum context length is 4096"), "language_model_context"),
        (fault(401, KEY), "language_model_key"),
        (fault(403), "language_model_key"),
        (fault(404), "language_model_unknown"),
        (fault(422), "language_model_failed"),
        (Reply(refusal="I cannot help with that."), "language_model_refused"),
        (Reply("", finish="content_filter"), "language_model_refused"),
    ],
)
async def test_permanent_errors_are_not_retried(open_client: OpenClient, reply: Reply, code: str) -> None:
    async with open_client(reply) as client:
        with pytest.raises(LanguageModelError) as failed:
            await client.weather()

    assert (failed.value.code, failed.value.retry, len(client.server.requests)) == (code, False, 1)
    assert KEY not in str(failed.value)


@pytest.mark.parametrize("broken", [Reply(GOOD.content, cut=True), Reply(raw=b"upstream went away")])
async def test_a_broken_response_is_retried(open_client: OpenClient, broken: Reply) -> None:
    async with open_client(in_sequence(broken, GOOD)) as client:
        assert await client.weather() == FINE


async def test_an_endpoint_that_does_not_answer_times_out(open_client: OpenClient) -> None:
    async with open_client(Reply(until=threading.Event()), timeout=0.05) as client:
        with pytest.raises(LanguageModelError) as slow:
            await client.weather()

    # Pauses, not requests: on a busy machine the time may be up before the server has read one.
    assert (slow.value.code, len(client.pauses)) == ("language_model_slow", MAX_ATTEMPTS - 1)


async def test_an_endpoint_that_is_down_is_unreachable(open_client: OpenClient) -> None:
    async with open_client(GOOD, url="http://127.0.0.1:1/v1") as client:
        with pytest.raises(LanguageModelError) as down:
            await client.weather()

    assert (down.value.code, down.value.retry, len(client.pauses)) == (
        "language_model_unreachable",
        True,
        MAX_ATTEMPTS - 1,
    )


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirects_are_not_followed(open_client: OpenClient, status: int) -> None:
    with serve_language(in_sequence(GOOD)) as elsewhere:
        async with open_client(
            Reply(status=status, raw=b"", headers={"Location": f"{elsewhere.url}/chat/completions"})
        ) as client:
            with pytest.raises(LanguageModelError):
                await client.weather()

    assert elsewhere.requests == []


async def test_unsupported_parameters_are_left_out_from_then_on(open_client: OpenClient) -> None:
    def picky(asked: Any) -> Reply:
        for name, value in (("response_format", 0), ("temperature", 0), ("max_tokens", "use max_completion_tokens")):
            if name in asked.body:
                return fault(400, f"Unsupported parameter: {name}. {value}")
        return GOOD

    async with open_client(picky) as client:
        assert await client.weather() == FINE
        calls = len(client.server.requests)
        assert await client.weather() == FINE

    assert len(client.server.requests) == calls + 1
    assert client.server.requests[-1].body["max_completion_tokens"] == 200


async def test_no_more_requests_are_open_than_allowed(open_client: OpenClient) -> None:
    gate = threading.Event()
    async with open_client(Reply(GOOD.content, until=gate), concurrent=2) as client:
        requests = [asyncio.create_task(client.weather()) for _ in range(6)]
        while len(client.server.requests) < 2:
            await asyncio.sleep(0.01)
        gate.set()
        await asyncio.gather(*requests)

    assert client.server.max_open == 2


async def test_clients_that_share_a_semaphore_share_its_limit() -> None:
    gate, semaphore = threading.Event(), asyncio.Semaphore(2)
    with serve_language(lambda _request: Reply(GOOD.content, until=gate)) as server:
        endpoint = Endpoint(server.url, KEY, MODEL, concurrent=4, timeout=30.0, allow_private=True)
        models = [LanguageModelClient(endpoint, semaphore=semaphore) for _ in range(3)]
        requests = [
            asyncio.create_task(model.complete_json(Weather, "s", "p", max_tokens=200, usage=TokenUsage()))
            for model in models * 2
        ]
        while len(server.requests) < 2:
            await asyncio.sleep(0.01)
        assert semaphore.locked()
        gate.set()
        await asyncio.gather(*requests)
        for model in models:
            await model.close()

    assert (server.max_open, len(server.requests)) == (2, 6)


async def test_a_cancelled_request_releases_the_semaphore(open_client: OpenClient) -> None:
    async with open_client(in_sequence(Reply(until=threading.Event()), GOOD), concurrent=1) as client:
        requests = asyncio.create_task(client.weather())
        while not client.server.requests:
            await asyncio.sleep(0.01)
        requests.cancel()
        with pytest.raises(asyncio.CancelledError):
            await requests

        assert await client.weather() == FINE


async def test_an_answer_is_streamed(open_client: OpenClient) -> None:
    async with open_client(Reply("天气很好，二十一度。")) as client:
        assert await client.stream() == "天气很好，二十一度。"

    assert client.usage == TokenUsage(1, client.server.requests[0].tokens, 10)


async def test_a_streamed_answer_is_cut_at_the_limit(open_client: OpenClient) -> None:
    async with open_client(Reply("长" * 5000)) as client:
        assert len(await client.stream()) <= 200 * 8 + 5


async def test_an_endless_stream_ends_at_the_limit(open_client: OpenClient) -> None:
    async with open_client(Reply("长" * 5000, endless=True)) as client:
        assert len(await client.stream()) == 200 * 8


@pytest.mark.parametrize("reply", [Reply("长", drip=True), Reply("长", endless=True)])
async def test_a_slow_or_endless_stream_times_out_and_releases_the_semaphore(reply: Reply) -> None:
    semaphore = asyncio.Semaphore(1)
    with serve_language(lambda _request: reply) as server:
        model = LanguageModelClient(
            Endpoint(server.url, KEY, MODEL, timeout=0.2, allow_private=True), semaphore=semaphore
        )
        said = model.stream_text("s", "p", max_tokens=200, usage=TokenUsage())
        with pytest.raises(LanguageModelError) as slow:
            await asyncio.wait_for(_all(said), 60)
        await model.close()

    assert (slow.value.code, slow.value.retry) == ("language_model_slow", True)
    assert not semaphore.locked()


async def _all(said: AsyncIterator[str]) -> list[str]:
    return [text async for text in said]


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("<think>天[1]。</think>晴", "晴"),
        ("先说。<THINKING>天气如何？</THINKING>晴<think>还有", "先说。晴"),
        ("a < b <thin", "a < b <thin"),
        ("<think", "<think"),
        ("x<think>y</think><think>z</think>w", "xw"),
    ],
)
async def test_reasoning_is_not_part_of_the_answer(open_client: OpenClient, said: str, heard: str) -> None:
    async with open_client(Reply(said)) as client:
        assert await client.stream() == heard


async def test_a_truncated_empty_or_refused_stream_is_an_error(open_client: OpenClient) -> None:
    for reply, code in (
        (Reply(""), "language_model_bad_answer"),
        (Reply(" \n"), "language_model_bad_answer"),
        (Reply("<think>天</think>"), "language_model_bad_answer"),
        (Reply("<think>天", finish="length"), "language_model_truncated"),
        (Reply("天气很好，二十一度。", cut=True), "language_model_truncated"),
        (Reply("我", refusal="no"), "language_model_refused"),
        (fault(401), "language_model_key"),
    ):
        async with open_client(reply) as client:
            with pytest.raises(LanguageModelError) as failed:
                await client.stream()
        assert failed.value.code == code


async def test_invalid_token_counts_are_replaced_by_estimates(open_client: OpenClient) -> None:
    async with open_client(Reply(GOOD.content, used={"prompt_tokens": -5, "completion_tokens": 0})) as client:
        await client.weather()

    assert client.usage.prompt_tokens == client.server.requests[0].tokens
    assert client.usage.completion_tokens > 0


async def test_the_key_is_in_no_log_and_no_message(open_client: OpenClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with open_client(in_sequence(fault(500, KEY), fault(401, KEY))) as client:
        with pytest.raises(LanguageModelError) as failed:
            await client.weather()

    assert KEY not in caplog.text + repr(client.model.endpoint) + failed.value.detail


async def test_an_endpoint_in_a_private_network_gets_no_request(open_client: OpenClient) -> None:
    async with open_client(GOOD, allow_private=False) as client:
        with pytest.raises(LanguageModelError) as refused:
            await client.weather()

    assert (refused.value.code, client.server.requests) == ("language_model_address", [])


async def test_an_unknown_host_is_unreachable(open_client: OpenClient) -> None:
    async with open_client(GOOD, url="http://nowhere.invalid/v1") as client:
        with pytest.raises(LanguageModelError) as unknown:
            await client.weather()

    assert (unknown.value.code, unknown.value.retry) == ("language_model_unreachable", True)
    assert unknown.value.detail == "The language model's host has no address. Check its address."


def test_an_invalid_address_is_refused() -> None:
    with pytest.raises(LanguageModelError, match="must be like https://host/v1") as refused:
        Endpoint("ftp://host/v1", KEY, MODEL)

    assert refused.value.code == "language_model_address"


def test_the_settings_give_an_endpoint_or_none(settings: Settings) -> None:
    assert endpoint_from_settings(settings) is None

    asked = settings.model_copy(update={"openai_api_key": SecretStr(KEY)})
    endpoint = endpoint_from_settings(asked)
    assert endpoint is not None
    assert (endpoint.url, endpoint.key) == ("https://api.openai.com/v1", KEY)
    local = endpoint_from_settings(settings.model_copy(update={"openai_base_url": "http://127.0.0.1:11434/v1"}))
    assert local is not None
    assert local.key
