"""Each of the five uses of a model ends with a result or an error code, whatever the model answers."""

import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from backend.engines.language_model_protocol import LanguageModelError
from backend.minutes.answering import Answer, answer
from backend.minutes.cached_model import CachedModel
from backend.minutes.names import suggest
from backend.minutes.polish import apply_edits, polish
from backend.minutes.repair import propose
from backend.minutes.summarize import summarize
from backend.minutes.templates import BUILT_IN
from tests.language_server import ModelRequest, Reply, fault, in_sequence
from tests.minutes.conftest import MakeModel, long_talk, talk
from tests.minutes.models import is_section, is_whole, lines_of, notes, whole

MEETING = talk("我是王小明，嗯今年的预算", "定为三百万。我同意。", "供应商还没有定下来。", names=(None, None))


async def use_minutes(cached_model: CachedModel) -> list[str]:
    made = (await summarize(MEETING, BUILT_IN["bluf"], "zh", cached_model, lambda done, total: None)).minutes
    statements = (*made.overview, *made.decisions, *made.actions, *made.questions)
    return [made.title, *made.keywords, *(one.text for one in statements if not one.doubtful)]


async def use_polish(cached_model: CachedModel) -> list[str]:
    made = await polish(MEETING, [], cached_model, lambda done, total: None)
    return [segment.text for segment in apply_edits(MEETING, made.changes).segments]


async def use_repair(cached_model: CachedModel) -> list[str]:
    made = await propose(MEETING, cached_model, lambda done, total: None)
    return [segment.text for item in made.items for segment in item.after]


async def use_names(cached_model: CachedModel) -> list[str]:
    return [one.name for one in await suggest(MEETING, cached_model)]


async def use_questions(cached_model: CachedModel) -> list[str]:
    found = Answer()
    _ = [text async for text in answer(MEETING, "今年的预算定为多少？", [], cached_model.model, found)]
    return [found.text]


Use = Callable[[CachedModel], Awaitable[list[str]]]

#: A text in the result of a good answer.
GOOD = {
    use_minutes: "我是王小明，嗯今年的预算",
    use_polish: "我是王小明，今年的预算",
    use_repair: "我是王小明，嗯今年的预算定为三百万。",
    use_names: "王小明",
    use_questions: "预算是三百万。[1]",
}
#: A section, its halves and their halves, each twice.
MOST_ASKED = 14
each_use = pytest.mark.parametrize("use", GOOD)


def good_answer(request: ModelRequest) -> Any:
    """The answer of a good model."""
    if request.body.get("stream"):
        return "预算是三百万[2]。"
    if is_section(request) or is_whole(request):
        return notes(request) if is_section(request) else whole(request)
    return {
        "lines": [{"n": n, "t": text.replace("嗯", "")} for n, _, text in lines_of(request)],
        "repairs": [{"do": "move", "n": 1, "t": "定为三百万。"}],
        "speakers": [{"s": "@1", "name": "王小明", "n": [1]}],
    }


def lie(request: ModelRequest) -> Any:
    """Invented numbers, lines and people."""
    lies = [{"t": "预算是九百万", "n": [1]}, {"t": "公司已经破产", "n": [99]}, {"t": "解散公司", "n": []}]
    if request.body.get("stream"):
        return "公司已经破产[99]。解散公司。"
    if is_section(request) or is_whole(request):
        said = {"summary": lies, "overview": lies, "decisions": lies, "headline": lies[1], "title": "九百万的破产"}
        return said | {"actions": [{"t": "预算", "n": [2], "who": "赵六", "when": "十月七日"}], "keywords": ["破产"]}
    return {
        "lines": [
            {"n": 1, "t": "我是李大明，今年的预算"},
            {"n": 2, "t": "定为九百万。我不同意。"},
            {"n": 9, "t": "破产"},
        ],
        "repairs": [{"do": "move", "n": 1, "t": "定为九百万。"}, {"do": "split", "n": 2, "t": "破产", "s": "@1"}],
        "speakers": [{"s": "@1", "name": "李大明", "n": [1]}, {"s": "@9", "name": "王小明", "n": [1]}],
    }


@each_use
async def test_a_good_answer_is_used_also_in_a_code_fence_and_after_thoughts(make_model: MakeModel, use: Use) -> None:
    def fence(request: ModelRequest) -> Reply:
        text = Reply(good_answer(request)).text
        return Reply(text if request.body.get("stream") else f"```json\n{text}\n```")

    def thoughtful(request: ModelRequest) -> Reply:
        return Reply(f"<think>先看看[1]{{}}。\n预算[2]。</think>{Reply(good_answer(request)).text}")

    for script in (lambda request: Reply(good_answer(request)), fence, thoughtful):
        async with make_model(script) as (cached_model, _):
            assert GOOD[use] in await use(cached_model)


@each_use
@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (lambda _: fault(429, Retry_After="1"), "busy"),
        (lambda _: fault(429, Retry_After="3600"), "busy"),
        (lambda _: fault(503), "failed"),
        (lambda _: fault(400, "maximum context length is 10 tokens"), "context"),
        (lambda _: fault(401), "key"),
        (lambda _: fault(404), "unknown"),
        (lambda _: Reply(refusal="I cannot help with that."), "refused"),
        (lambda _: Reply("", finish="content_filter"), "refused"),
        (lambda _: Reply(""), "bad_answer"),
        (lambda _: Reply(" \n "), "bad_answer"),
        (lambda _: Reply("", finish="length"), "truncated"),
        (lambda request: Reply(good_answer(request), cut=True), "truncated unreachable"),
        (lambda _: Reply(raw=b"<html>gateway</html>"), "web_page"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_bad_answer_has_a_code_and_the_next_good_one_is_used(
    make_model: MakeModel, use: Use, bad: Callable[[ModelRequest], Reply], code: str
) -> None:
    async with make_model(bad) as (cached_model, server):
        with pytest.raises(LanguageModelError) as failed:
            await use(cached_model)
        assert len(server.requests) <= MOST_ASKED
        server.script = lambda request: Reply(good_answer(request))

        assert GOOD[use] in await use(cached_model)

    assert failed.value.code.removeprefix("language_model_") in code.split()


@each_use
async def test_a_silent_model_times_out(make_model: MakeModel, use: Use) -> None:
    async with make_model(lambda _: Reply(until=threading.Event()), timeout=0.05) as (cached_model, _):
        with pytest.raises(LanguageModelError) as failed:
            await use(cached_model)

    assert failed.value.code == "language_model_slow"


@each_use
async def test_a_temporary_limit_is_retried(make_model: MakeModel, use: Use) -> None:
    async with make_model(lambda _: Reply()) as (cached_model, server):
        busy = in_sequence(fault(429, Retry_After="2"), fault(500), Reply())
        server.script = lambda request: reply if (reply := busy(request)).raw else Reply(good_answer(request))

        assert GOOD[use] in await use(cached_model)


@pytest.mark.parametrize("use", [use for use in GOOD if use is not use_questions])
@pytest.mark.parametrize(
    "text", ['{"weather": "fine"}', "[1, 2, 3]", '"yes"', "null", '{"lines": 1, "speakers": 2, "repairs": 3}']
)
async def test_an_answer_with_another_schema_is_retried_once(make_model: MakeModel, use: Use, text: str) -> None:
    async with make_model(lambda _: Reply(text)) as (cached_model, server):
        with pytest.raises(LanguageModelError) as failed:
            await use(cached_model)

    assert failed.value.code == "language_model_bad_answer"
    assert "could not be used" in server.requests[1].prompt


@pytest.mark.parametrize("use", [use for use in GOOD if use is not use_questions])
async def test_a_truncated_object_has_a_code(make_model: MakeModel, use: Use) -> None:
    def half(request: ModelRequest) -> Reply:
        text = Reply(good_answer(request)).text
        return Reply(text[: len(text) // 2], finish="length")

    async with make_model(half) as (cached_model, _):
        with pytest.raises(LanguageModelError) as failed:
            await use(cached_model)

    assert failed.value.code == "language_model_truncated"


@each_use
async def test_invented_facts_are_dropped(make_model: MakeModel, use: Use) -> None:
    async with make_model(lambda request: Reply(lie(request))) as (cached_model, _):
        said = "".join(await use(cached_model))

    assert not [word for word in ("九百万", "破产", "解散", "李大明", "赵六", "不同意") if word in said]


@pytest.mark.parametrize("hours", [1.0])
@pytest.mark.parametrize("work", [polish, propose])
async def test_one_failed_window_is_a_warning_and_the_others_are_used(
    make_model: MakeModel, work: Any, hours: float
) -> None:
    document = long_talk(hours)

    def stumbles(request: ModelRequest) -> Reply:
        if lines_of(request)[0][0] == 1:
            return Reply(refusal="no")
        lines = [{"n": n, "t": f"{text}！"} for n, _, text in lines_of(request)]
        return Reply({"lines": lines, "repairs": [{"do": "merge", "n": lines_of(request)[-2][0]}]})

    async with make_model(stumbles) as (cached_model, server):
        args = ([],) if work is polish else ()
        made = await work(document, *args, cached_model, lambda done, total: None)

    assert [one["code"].partition("_")[2] for one in made.warnings] == ["gaps"]
    assert len(server.requests) > 2
    assert (made.changes if work is polish else made.items) != []
