"""Questions about the whole meeting are answered from all of it, with evidence."""

from dataclasses import replace

import pytest

from backend.engines.language_model_protocol import LanguageModelError
from backend.minutes.answering import Answer, answer
from backend.minutes.cached_model import CachedModel
from backend.minutes.schema import MinutesContent
from backend.minutes.summarize import summarize
from backend.minutes.templates import BUILT_IN
from backend.minutes.whole_questions import is_about_whole
from backend.transcripts.document import Document
from tests.language_server import ModelRequest, Reply
from tests.minutes.conftest import MakeModel, long_talk, talk
from tests.minutes.models import good, is_section, lines_of

SHORT = talk("版本下周发布。", "测试还差两天。", "那就周五发布。", names=("张三", "李四"))
LONG = long_talk(2)


def answers_notes(request: ModelRequest) -> Reply:
    """A model that repeats the last note it is shown, with its evidence as it stands there."""
    if not request.body.get("stream"):
        return good(request)
    notes = [line for line in request.prompt.splitlines() if line.startswith("[")]
    evidence, _, text = notes[-1].partition("] ")
    return Reply(f"{text}{evidence}]。")


async def ask(
    document: Document, question: str, cached_model: CachedModel, minutes: MinutesContent | None = None
) -> Answer:
    found = Answer()
    _ = [text async for text in answer(document, question, [], cached_model.model, found, minutes)]
    return found


async def write_minutes(make_model: MakeModel) -> MinutesContent:
    async with make_model(good) as (cached_model, _):
        return (await summarize(LONG, BUILT_IN["bluf"], "zh", cached_model, lambda _done, _total: None)).minutes


@pytest.mark.parametrize(
    "question",
    [
        "总结一下这次会议",
        "主要讲了什么",
        "这个会开了些什么？",
        "大家分别说了什么观点",
        "会议有什么结论",
        "谁负责什么？",
        "有哪些待办",
        "这段录音的内容",
        "who decided what",
        "What was this meeting about?",
        "Summarise the meeting",
        "What did they decide?",
        "TL;DR",
        "list the action items",
    ],
)
def test_questions_about_the_whole_are_recognised(question: str) -> None:
    assert is_about_whole(question)


@pytest.mark.parametrize(
    "question", ["预算是多少？", "上线时间", "张三同意吗", "When is the release?", "How much is it?"]
)
def test_questions_about_one_thing_are_not(question: str) -> None:
    assert not is_about_whole(question)


@pytest.mark.parametrize("question", ["总结一下这次会议", "主要讲了什么", "who decided what"])
async def test_all_lines_of_a_short_meeting_are_read(make_model: MakeModel, question: str) -> None:
    async with make_model(lambda _: Reply("周五发布[3]。测试还差两天[2]。")) as (cached_model, server):
        found = await ask(SHORT, question, cached_model)

    assert (found.text, found.citations) == ("周五发布。[1]测试还差两天。[2]", ["p2", "p1"])
    assert [number for number, _, _ in lines_of(server.requests[0])] == [1, 2, 3]


async def test_a_long_meeting_is_answered_from_its_minutes(make_model: MakeModel) -> None:
    minutes = await write_minutes(make_model)

    async with make_model(answers_notes) as (cached_model, server):
        found = await ask(LONG, "主要讲了什么", cached_model, minutes)

    assert len(server.requests) == 1
    assert "决定: " in server.requests[0].prompt
    assert found.text
    assert found.citations
    assert set(found.citations) <= {segment.id for segment in LONG.segments}


@pytest.mark.parametrize("partial", [False, True])
async def test_without_complete_minutes_every_section_is_read(make_model: MakeModel, partial: bool) -> None:
    minutes = await write_minutes(make_model) if partial else None
    if minutes is not None:
        coverage = minutes.coverage.model_copy(update={"covered": minutes.coverage.segments - 1})
        minutes = minutes.model_copy(update={"coverage": coverage})

    async with make_model(answers_notes) as (cached_model, server):
        found = await ask(LONG, "总结一下这次会议", cached_model, minutes)

    read = {number for request in server.requests if is_section(request) for number, _, _ in lines_of(request)}
    assert read == set(range(1, len(LONG.segments) + 1))
    assert found.citations
    assert found.usage.calls == len(server.requests)


async def test_an_answer_about_a_part_is_not_given_for_the_whole(make_model: MakeModel) -> None:
    def fails_once(request: ModelRequest) -> Reply:
        lines = lines_of(request)
        return Reply(refusal="no") if is_section(request) and lines[0][0] == 1 else answers_notes(request)

    one_line_per_section = replace(LONG, segments=LONG.segments[:400])
    async with make_model(fails_once) as (cached_model, server):
        with pytest.raises(LanguageModelError) as failed:
            await ask(one_line_per_section, "总结一下", cached_model)

    assert failed.value.code == "language_model_refused"
    assert not any(request.body.get("stream") for request in server.requests)
