"""Whatever a model answers, each of its five uses comes to an end that is named, and nothing is lost or made up."""

import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from backend.engines.language import LanguageModelError
from backend.minutes.asked import Answer, answer
from backend.minutes.asking import Asking
from backend.minutes.names import suggest
from backend.minutes.polish import applied, polish
from backend.minutes.repair import propose
from backend.minutes.summarize import summarize
from backend.minutes.templates import BUILT_IN
from tests.language_server import Asked, Reply, fault, one_after_another
from tests.minutes.conftest import MakeAsking, long_talk, talk
from tests.minutes.models import is_section, is_whole, lines_of, notes, whole

MEETING = talk("我是王小明，嗯今年的预算", "定为三百万。我同意。", "供应商还没有定下来。", names=(None, None))


async def of_minutes(asking: Asking) -> list[str]:
    made = (await summarize(MEETING, BUILT_IN["bluf"], "zh", asking, lambda done, total: None)).minutes
    statements = (*made.overview, *made.decisions, *made.actions, *made.questions)
    return [made.title, *made.keywords, *(one.text for one in statements if not one.doubtful)]


async def of_polish(asking: Asking) -> list[str]:
    made = await polish(MEETING, [], asking, lambda done, total: None)
    return [segment.text for segment in applied(MEETING, made.changes).segments]


async def of_repair(asking: Asking) -> list[str]:
    made = await propose(MEETING, asking, lambda done, total: None)
    return [segment.text for item in made.items for segment in item.after]


async def of_names(asking: Asking) -> list[str]:
    return [one.name for one in await suggest(MEETING, asking)]


async def of_questions(asking: Asking) -> list[str]:
    found = Answer()
    _ = [text async for text in answer(MEETING, "今年的预算定为多少？", [], asking.model, found)]
    return [found.text]


Use = Callable[[Asking], Awaitable[list[str]]]

#: What comes of a good answer.
GOOD = {
    of_minutes: "我是王小明，嗯今年的预算",
    of_polish: "我是王小明，今年的预算",
    of_repair: "我是王小明，嗯今年的预算定为三百万。",
    of_names: "王小明",
    of_questions: "预算是三百万。[1]",
}
#: A section, its halves and the halves of those, each twice.
MOST_ASKED = 14
each_use = pytest.mark.parametrize("use", GOOD)


def told(asked: Asked) -> Any:
    """What a good model answers."""
    if asked.body.get("stream"):
        return "预算是三百万[2]。"
    if is_section(asked) or is_whole(asked):
        return notes(asked) if is_section(asked) else whole(asked)
    return {
        "lines": [{"n": n, "t": text.replace("嗯", "")} for n, _, text in lines_of(asked)],
        "repairs": [{"do": "move", "n": 1, "t": "定为三百万。"}],
        "speakers": [{"s": "@1", "name": "王小明", "n": [1]}],
    }


def lie(asked: Asked) -> Any:
    """Numbers nobody said, lines that are not there, people who do not exist."""
    lies = [{"t": "预算是九百万", "n": [1]}, {"t": "公司已经破产", "n": [99]}, {"t": "解散公司", "n": []}]
    if asked.body.get("stream"):
        return "公司已经破产[99]。解散公司。"
    if is_section(asked) or is_whole(asked):
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
async def test_a_good_answer_is_used_also_out_of_a_fence_and_after_thoughts(asking: MakeAsking, use: Use) -> None:
    def fenced(asked: Asked) -> Reply:
        text = Reply(told(asked)).text
        return Reply(text if asked.body.get("stream") else f"```json\n{text}\n```")

    def thoughtful(asked: Asked) -> Reply:
        return Reply(f"<think>先看看[1]{{}}。\n预算[2]。</think>{Reply(told(asked)).text}")

    for script in (lambda asked: Reply(told(asked)), fenced, thoughtful):
        async with asking(script) as (asked, _):
            assert GOOD[use] in await use(asked)


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
        (lambda asked: Reply(told(asked), cut=True), "truncated unreachable"),
        (lambda _: Reply(raw=b"<html>gateway</html>"), "truncated unreachable bad_answer"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_bad_answer_is_named_and_the_next_good_one_is_used(
    asking: MakeAsking, use: Use, bad: Callable[[Asked], Reply], code: str
) -> None:
    async with asking(bad) as (asked, server):
        with pytest.raises(LanguageModelError) as failed:
            await use(asked)
        assert len(server.asked) <= MOST_ASKED
        server.script = lambda asked: Reply(told(asked))

        assert GOOD[use] in await use(asked)

    assert failed.value.code.removeprefix("language_model_") in code.split()


@each_use
async def test_silence_is_given_up(asking: MakeAsking, use: Use) -> None:
    async with asking(lambda _: Reply(until=threading.Event()), timeout=0.05) as (asked, _):
        with pytest.raises(LanguageModelError) as failed:
            await use(asked)

    assert failed.value.code == "language_model_slow"


@each_use
async def test_a_limit_that_passes_is_waited_for(asking: MakeAsking, use: Use) -> None:
    async with asking(lambda _: Reply()) as (asked, server):
        busy = one_after_another(fault(429, Retry_After="2"), fault(500), Reply())
        server.script = lambda asked: reply if (reply := busy(asked)).raw else Reply(told(asked))

        assert GOOD[use] in await use(asked)


@pytest.mark.parametrize("use", [use for use in GOOD if use is not of_questions])
@pytest.mark.parametrize(
    "text", ['{"weather": "fine"}', "[1, 2, 3]", '"yes"', "null", '{"lines": 1, "speakers": 2, "repairs": 3}']
)
async def test_another_form_is_asked_for_once_more_and_then_named(asking: MakeAsking, use: Use, text: str) -> None:
    async with asking(lambda _: Reply(text)) as (asked, server):
        with pytest.raises(LanguageModelError) as failed:
            await use(asked)

    assert failed.value.code == "language_model_bad_answer"
    assert "could not be used" in server.asked[1].prompt


@pytest.mark.parametrize("use", [use for use in GOOD if use is not of_questions])
async def test_half_an_object_is_named(asking: MakeAsking, use: Use) -> None:
    def half(asked: Asked) -> Reply:
        text = Reply(told(asked)).text
        return Reply(text[: len(text) // 2], finish="length")

    async with asking(half) as (asked, _):
        with pytest.raises(LanguageModelError) as failed:
            await use(asked)

    assert failed.value.code == "language_model_truncated"


@each_use
async def test_a_lie_does_not_pass(asking: MakeAsking, use: Use) -> None:
    async with asking(lambda asked: Reply(lie(asked))) as (asked, _):
        said = "".join(await use(asked))

    assert not [word for word in ("九百万", "破产", "解散", "李大明", "赵六", "不同意") if word in said]


@pytest.mark.parametrize("hours", [1.0])
@pytest.mark.parametrize("work", [polish, propose])
async def test_one_bad_window_costs_that_window_alone_and_is_a_warning(
    asking: MakeAsking, work: Any, hours: float
) -> None:
    document = long_talk(hours)

    def stumbles(asked: Asked) -> Reply:
        if lines_of(asked)[0][0] == 1:
            return Reply(refusal="no")
        lines = [{"n": n, "t": f"{text}！"} for n, _, text in lines_of(asked)]
        return Reply({"lines": lines, "repairs": [{"do": "merge", "n": lines_of(asked)[-2][0]}]})

    async with asking(stumbles) as (asked, server):
        args = ([],) if work is polish else ()
        made = await work(document, *args, asked, lambda done, total: None)

    assert [one["code"].partition("_")[2] for one in made.warnings] == ["gaps"]
    assert len(server.asked) > 2
    assert (made.changes if work is polish else made.items) != []
