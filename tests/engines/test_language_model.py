import asyncio
import json
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from backend.engines.answers import Unreadable, read_answer
from backend.engines.language import LanguageModelError, Tally, tokens_of
from backend.engines.language_model import LONGEST_PAUSE, TRIES, Endpoint, OpenAI, endpoint_of
from backend.settings import Settings
from tests.language_server import KEY, MODEL, LanguageServer, Reply, Script, fault, one_after_another, serve_language


class Weather(BaseModel):
    sky: str
    degrees: int


FINE = Weather(sky="blue", degrees=21)
GOOD = Reply(FINE.model_dump())


class House:
    """A model, its server, and the pauses it wanted to make."""

    def __init__(self, server: LanguageServer, **changed: Any) -> None:
        self.server = server
        self.pauses: list[float] = []
        self.tally = Tally()
        values = {"url": server.url, "key": KEY, "model": MODEL, "allow_private": True, "timeout": 10.0}
        self.model = OpenAI(Endpoint(**{**values, **changed}), self._pause)

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    async def weather(self) -> Weather:
        return await self.model.fill_in(Weather, "Be brief.", "How is the weather?", most_tokens=200, tally=self.tally)

    async def said(self) -> str:
        spoken = self.model.say("Be brief.", "How is the weather?", most_tokens=200, tally=self.tally)
        return "".join([text async for text in spoken])


MakeHouse = Callable[..., AbstractAsyncContextManager[House]]


@pytest.fixture
def house() -> MakeHouse:
    @asynccontextmanager
    async def open_house(script: Script | Reply, **changed: Any) -> AsyncIterator[House]:
        with serve_language(one_after_another(script) if isinstance(script, Reply) else script) as server:
            house = House(server, **changed)
            try:
                yield house
            finally:
                await house.model.close()

    return open_house


async def test_an_answer_has_the_form_that_was_asked_for_and_tokens_are_counted(house: MakeHouse) -> None:
    async with house(GOOD) as home:
        assert await home.weather() == FINE

    asked = home.server.asked[0]
    assert asked.body["response_format"] == {"type": "json_object"}
    assert home.tally == Tally(1, asked.tokens, tokens_of(GOOD.text))


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
async def test_json_in_fences_and_chatter_is_read_at_once(house: MakeHouse, text: str) -> None:
    async with house(Reply(text)) as home:
        assert await home.weather() == FINE

    assert len(home.server.asked) == 1


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
async def test_a_useless_answer_is_asked_for_once_more_and_then_given_up(house: MakeHouse, bad: Reply) -> None:
    async with house(one_after_another(bad, GOOD)) as home:
        assert await home.weather() == FINE
        assert "could not be used" in home.server.asked[1].prompt

    async with house(bad) as home:
        with pytest.raises(LanguageModelError) as failed:
            await home.weather()

    wanted = "language_model_truncated" if bad.finish == "length" else "language_model_bad_answer"
    assert (failed.value.code, len(home.server.asked)) == (wanted, 2)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 529])
async def test_a_busy_or_broken_endpoint_is_asked_again_with_growing_pauses(house: MakeHouse, status: int) -> None:
    async with house(one_after_another(fault(status), fault(status), GOOD)) as home:
        assert await home.weather() == FINE

    assert 0.7 <= home.pauses[0] <= 1.3
    assert 1.4 <= home.pauses[1] <= 2.6


async def test_retry_after_is_honoured_in_seconds_and_as_a_date_but_not_for_ever(house: MakeHouse) -> None:
    async with house(one_after_another(fault(429, Retry_After="17"), GOOD)) as home:
        await home.weather()
        assert 17 <= home.pauses[0] <= 18.7

    async with house(one_after_another(fault(503, Retry_After="Fri, 01 Jan 2010 00:00:00 GMT"), GOOD)) as home:
        await home.weather()
        assert home.pauses[0] <= 1.3

    async with house(fault(429, Retry_After=str(LONGEST_PAUSE + 1))) as home:
        with pytest.raises(LanguageModelError) as busy:
            await home.weather()
        assert (busy.value.code, busy.value.retry, home.pauses) == ("language_model_busy", True, [])


async def test_tries_are_bounded(house: MakeHouse) -> None:
    async with house(fault(500)) as home:
        with pytest.raises(LanguageModelError) as failed:
            await home.weather()

    assert (failed.value.code, failed.value.retry) == ("language_model_failed", True)
    assert len(home.server.asked) == TRIES


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
async def test_what_no_second_try_can_mend_is_not_tried_again(house: MakeHouse, reply: Reply, code: str) -> None:
    async with house(reply) as home:
        with pytest.raises(LanguageModelError) as failed:
            await home.weather()

    assert (failed.value.code, failed.value.retry, len(home.server.asked)) == (code, False, 1)
    assert KEY not in str(failed.value)


@pytest.mark.parametrize("broken", [Reply(GOOD.content, cut=True), Reply(raw=b"<html>gateway</html>")])
async def test_a_line_that_goes_dead_is_tried_again(house: MakeHouse, broken: Reply) -> None:
    async with house(one_after_another(broken, GOOD)) as home:
        assert await home.weather() == FINE


async def test_an_endpoint_that_says_nothing_is_given_up_in_time(house: MakeHouse) -> None:
    async with house(Reply(until=threading.Event()), timeout=0.05) as home:
        with pytest.raises(LanguageModelError) as slow:
            await home.weather()

    # Pauses, not requests: on a busy machine the time may be up before the server has read one.
    assert (slow.value.code, len(home.pauses)) == ("language_model_slow", TRIES - 1)


async def test_an_endpoint_that_is_down_cannot_be_reached(house: MakeHouse) -> None:
    async with house(GOOD, url="http://127.0.0.1:1/v1") as home:
        with pytest.raises(LanguageModelError) as down:
            await home.weather()

    assert (down.value.code, down.value.retry, len(home.pauses)) == ("language_model_unreachable", True, TRIES - 1)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirects_are_not_followed(house: MakeHouse, status: int) -> None:
    with serve_language(one_after_another(GOOD)) as elsewhere:
        async with house(
            Reply(status=status, raw=b"", headers={"Location": f"{elsewhere.url}/chat/completions"})
        ) as home:
            with pytest.raises(LanguageModelError):
                await home.weather()

    assert elsewhere.asked == []


async def test_words_an_endpoint_does_not_know_are_left_out_from_then_on(house: MakeHouse) -> None:
    def picky(asked: Any) -> Reply:
        for name, value in (("response_format", 0), ("temperature", 0), ("max_tokens", "use max_completion_tokens")):
            if name in asked.body:
                return fault(400, f"Unsupported parameter: {name}. {value}")
        return GOOD

    async with house(picky) as home:
        assert await home.weather() == FINE
        calls = len(home.server.asked)
        assert await home.weather() == FINE

    assert len(home.server.asked) == calls + 1
    assert home.server.asked[-1].body["max_completion_tokens"] == 200


async def test_no_more_questions_are_open_than_allowed(house: MakeHouse) -> None:
    gate = threading.Event()
    async with house(Reply(GOOD.content, until=gate), concurrent=2) as home:
        asking = [asyncio.create_task(home.weather()) for _ in range(6)]
        while len(home.server.asked) < 2:
            await asyncio.sleep(0.01)
        gate.set()
        await asyncio.gather(*asking)

    assert home.server.most_open == 2


async def test_endpoints_that_share_a_gate_share_its_places() -> None:
    gate, places = threading.Event(), asyncio.Semaphore(2)
    with serve_language(lambda _asked: Reply(GOOD.content, until=gate)) as server:
        endpoint = Endpoint(server.url, KEY, MODEL, concurrent=4, timeout=30.0, allow_private=True)
        models = [OpenAI(endpoint, gate=places) for _ in range(3)]
        asking = [
            asyncio.create_task(model.fill_in(Weather, "s", "p", most_tokens=200, tally=Tally()))
            for model in models * 2
        ]
        while len(server.asked) < 2:
            await asyncio.sleep(0.01)
        assert places.locked()
        gate.set()
        await asyncio.gather(*asking)
        for model in models:
            await model.close()

    assert (server.most_open, len(server.asked)) == (2, 6)


async def test_a_cancelled_question_frees_its_place(house: MakeHouse) -> None:
    async with house(one_after_another(Reply(until=threading.Event()), GOOD), concurrent=1) as home:
        asking = asyncio.create_task(home.weather())
        while not home.server.asked:
            await asyncio.sleep(0.01)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

        assert await home.weather() == FINE


async def test_an_answer_streams_as_it_comes(house: MakeHouse) -> None:
    async with house(Reply("天气很好，二十一度。")) as home:
        assert await home.said() == "天气很好，二十一度。"

    assert home.tally == Tally(1, home.server.asked[0].tokens, 10)


async def test_a_stream_without_end_is_not_heard_to_its_end(house: MakeHouse) -> None:
    async with house(Reply("长" * 5000)) as home:
        assert len(await home.said()) <= 200 * 8 + 5


async def test_more_than_was_asked_for_is_not_waited_for(house: MakeHouse) -> None:
    async with house(Reply("长" * 5000, endless=True)) as home:
        assert len(await home.said()) == 200 * 8


@pytest.mark.parametrize("reply", [Reply("长", drips=True), Reply("长", endless=True)])
async def test_a_stream_that_never_ends_gives_its_place_back(reply: Reply) -> None:
    places = asyncio.Semaphore(1)
    with serve_language(lambda _asked: reply) as server:
        model = OpenAI(Endpoint(server.url, KEY, MODEL, timeout=0.2, allow_private=True), gate=places)
        said = model.say("s", "p", most_tokens=200, tally=Tally())
        with pytest.raises(LanguageModelError) as slow:
            await asyncio.wait_for(_all(said), 60)
        await model.close()

    assert (slow.value.code, slow.value.retry) == ("language_model_slow", True)
    assert not places.locked()


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
async def test_thoughts_are_not_said_aloud(house: MakeHouse, said: str, heard: str) -> None:
    async with house(Reply(said)) as home:
        assert await home.said() == heard


async def test_a_stream_that_is_cut_empty_or_refused_says_so(house: MakeHouse) -> None:
    for reply, code in (
        (Reply(""), "language_model_bad_answer"),
        (Reply(" \n"), "language_model_bad_answer"),
        (Reply("<think>天</think>"), "language_model_bad_answer"),
        (Reply("<think>天", finish="length"), "language_model_truncated"),
        (Reply("天气很好，二十一度。", cut=True), "language_model_truncated"),
        (Reply("我", refusal="no"), "language_model_refused"),
        (fault(401), "language_model_key"),
    ):
        async with house(reply) as home:
            with pytest.raises(LanguageModelError) as failed:
                await home.said()
        assert failed.value.code == code


async def test_counts_that_cannot_be_are_estimated(house: MakeHouse) -> None:
    async with house(Reply(GOOD.content, used={"prompt_tokens": -5, "completion_tokens": 0})) as home:
        await home.weather()

    assert home.tally.prompt_tokens == home.server.asked[0].tokens
    assert home.tally.completion_tokens > 0


async def test_the_key_is_in_no_log_and_no_text(house: MakeHouse, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with house(one_after_another(fault(500, KEY), fault(401, KEY))) as home:
        with pytest.raises(LanguageModelError) as failed:
            await home.weather()

    assert KEY not in caplog.text + repr(home.model.endpoint) + failed.value.detail


async def test_a_private_endpoint_is_not_asked(house: MakeHouse) -> None:
    async with house(GOOD, allow_private=False) as home:
        with pytest.raises(LanguageModelError) as refused:
            await home.weather()

    assert (refused.value.code, home.server.asked) == ("language_model_address", [])


def test_settings_make_an_endpoint_or_none(settings: Settings) -> None:
    assert endpoint_of(settings) is None

    asked = settings.model_copy(update={"openai_api_key": SecretStr(KEY)})
    endpoint = endpoint_of(asked)
    assert endpoint is not None
    assert (endpoint.url, endpoint.key) == ("https://api.openai.com/v1", KEY)
    local = endpoint_of(settings.model_copy(update={"openai_base_url": "http://127.0.0.1:11434/v1"}))
    assert local is not None
    assert local.key


def test_the_reader_says_what_is_wrong() -> None:
    with pytest.raises(Unreadable, match="degrees"):
        read_answer(Weather, json.dumps({"sky": "blue"}))
