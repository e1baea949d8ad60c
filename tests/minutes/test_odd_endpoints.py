"""Minutes, polish and questions with every odd endpoint: they come out right, or the error says what is wrong."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from backend.engines.language_model_client import LanguageModelClient
from backend.engines.language_model_protocol import LanguageModelError
from backend.engines.model_endpoint import Endpoint
from backend.minutes.answering import Answer, answer
from backend.minutes.cached_model import CachedModel
from backend.minutes.polish import polish
from backend.minutes.summarize import SummaryResult, summarize
from backend.minutes.templates import BUILT_IN
from tests.language_server import ModelRequest, Reply
from tests.minutes.conftest import talk
from tests.minutes.models import obliging
from tests.odd_endpoints import THOUGHT, UNUSABLE, USABLE, WINDOW, OddEndpoints, answer_test_or, serve_odd_endpoints

MEETING = talk(*(f"第{n}项接口联调已经完成，我们把进展同步一下，有问题随时在群里说。" for n in range(1, 161)))


_EVIDENCE = re.compile(r"^\[?(\d+)[@ \]]", re.MULTILINE)


def works(request: ModelRequest) -> Reply:
    """A model that does every task, whether its answer is streamed or not."""
    if "\n问题: " not in request.prompt:
        return obliging(replace(request, body={**request.body, "stream": False}))
    number = _EVIDENCE.search(request.prompt)
    assert number is not None
    return Reply(f"接口联调已经完成[{number[1]}]。")


@pytest.fixture(scope="module")
def odd() -> Iterator[OddEndpoints]:
    with serve_odd_endpoints(answer_test_or(works)) as server:
        yield server


@asynccontextmanager
async def open_model(odd: OddEndpoints, name: str) -> AsyncIterator[LanguageModelClient]:
    async def no_pause(_seconds: float) -> None:
        pass

    odd.requests.pop(name, None)
    model = LanguageModelClient(Endpoint(odd.url(name), "a-key", "m", allow_private=True), no_pause)
    try:
        yield model
    finally:
        await model.close()


async def write_minutes(model: LanguageModelClient) -> SummaryResult:
    return await summarize(MEETING, BUILT_IN["bluf"], "zh", CachedModel(model), lambda _done, _total: None)


async def ask(model: LanguageModelClient) -> Answer:
    found = Answer()
    _ = [text async for text in answer(MEETING, "第7项接口联调怎么样", [], model, found)]
    return found


@pytest.mark.parametrize("name", USABLE)
async def test_every_task_works_and_what_is_wanted_is_learned_once(odd: OddEndpoints, name: str) -> None:
    async with open_model(odd, name) as model:
        summary = await write_minutes(model)
        learned = len(odd.requests[name])
        again = (await write_minutes(model)).minutes.used.calls
        repeated = len(odd.requests[name]) - learned - again
        polished = await polish(MEETING, [], CachedModel(model), lambda _done, _total: None)
        found = await ask(model)

    minutes = summary.minutes
    assert repeated == 0
    assert (minutes.coverage.covered, minutes.coverage.segments, summary.warnings) == (160, 160, [])
    assert minutes.title == "周会纪要"
    assert (len(polished.changes), polished.warnings) == (160, [])
    assert found.citations
    shown = found.text + minutes.model_dump_json()
    assert not any(mark in shown for mark in (THOUGHT[:6], "think", "```", "</", "<|"))


@pytest.mark.parametrize("name", UNUSABLE)
async def test_an_unusable_endpoint_says_what_is_wrong(odd: OddEndpoints, name: str) -> None:
    _, code, reason = UNUSABLE[name]
    async with open_model(odd, name) as model:
        for use in (write_minutes, ask):
            with pytest.raises(LanguageModelError) as failed:
                await use(model)
            assert failed.value.code == f"language_model_{code}"
            assert reason in failed.value.reason


async def test_the_room_for_thoughts_grows_and_sections_stay(odd: OddEndpoints) -> None:
    async with open_model(odd, "thinks-within-limit") as model:
        await write_minutes(model)
        await write_minutes(model)

    rooms = [request.body["max_tokens"] for request in odd.requests["thinks-within-limit"]]
    prompts = {request.prompt for request in odd.requests["thinks-within-limit"]}
    assert (min(rooms), rooms[-1]) == (1600, 1600 + 4096)
    async with open_model(odd, "plain") as model:
        await write_minutes(model)
    assert prompts == {request.prompt for request in odd.requests["plain"]}


async def test_what_was_cut_off_silently_does_not_count_as_read(odd: OddEndpoints) -> None:
    async with open_model(odd, "cuts-prompts") as model:
        summary = await write_minutes(model)

        assert (model.context_tokens, model.traits.adapted(8192)) == (WINDOW, ("small_context",))
    read = [request for request in odd.requests["cuts-prompts"] if request.tokens <= WINDOW]
    lines = {line for request in read for line in request.prompt.splitlines()}
    assert summary.minutes.coverage.covered == 160
    assert all(any(line.startswith(f"{number}@") for line in lines) for number in range(1, 161))


async def test_a_question_is_asked_again_with_what_the_endpoint_reads(odd: OddEndpoints) -> None:
    async with open_model(odd, "cuts-prompts") as model:
        found = Answer()
        _ = [text async for text in answer(MEETING, "总结一下", [], model, found)]

    assert found.citations
    assert odd.requests["cuts-prompts"][-1].tokens <= WINDOW
