import re

import pytest

from backend.engines.language_model_protocol import LanguageModelError
from backend.minutes.answering import Answer, answer
from backend.minutes.retrieval import Index, terms
from backend.minutes.sections import lines_of as number_lines
from backend.transcripts.document import Document
from tests.language_server import ModelRequest, Reply, fault
from tests.minutes.conftest import MakeModel, long_talk, talk
from tests.minutes.models import lines_of

MEETING = talk(
    "今年的市场预算定为三百万。", "我同意。", "供应商选了火山引擎。", "上线时间是六月底。", names=("张三", "李四")
)


async def ask_question(
    make_model: MakeModel, document: Document, question: str, *replies: Reply
) -> tuple[Answer, list[ModelRequest]]:
    found = Answer()
    async with make_model(lambda _: replies[0]) as (cached_model, server):
        pieces = [piece async for piece in answer(document, question, [], cached_model.model, found)]
    assert "".join(pieces) == found.text
    return found, server.requests


async def test_an_answer_cites_segments(make_model: MakeModel) -> None:
    said = Reply("预算是三百万[1]。@2同意了。[2]供应商是火山引擎【3】。")

    found, requests = await ask_question(make_model, MEETING, "市场预算多少，供应商选了谁？", said)

    assert found.text == "预算是三百万。[1]李四同意了。[2]供应商是火山引擎。[3]"
    assert found.citations == ["p0", "p1", "p2"]
    assert {text for _, _, text in lines_of(requests[0])} >= {"今年的市场预算定为三百万。"}
    assert found.usage.calls == 1


@pytest.mark.parametrize(
    "said",
    [
        "没有提到。",
        "预算是三百万。",
        "预算是五百万[77]。",
        "[1]",
        "<b>很好</b>。",
        "<think>预算[1]。</think>没有提到。",
    ],
)
async def test_sentences_without_citation_are_dropped(make_model: MakeModel, said: str) -> None:
    found, _ = await ask_question(make_model, MEETING, "市场预算多少？", Reply(said))

    assert (found.text, found.citations) == ("", [])


async def test_an_answer_that_no_line_supports_is_refused(make_model: MakeModel) -> None:
    for said in ("陨石[1]。", "没有提到。"):
        found, requests = await ask_question(make_model, MEETING, "恐龙灭绝的原因？", Reply(said))

        assert (found.text, found.citations, len(requests)) == ("", [], 1)


async def test_a_question_in_another_language_is_answered_from_all_lines(make_model: MakeModel) -> None:
    found, requests = await ask_question(make_model, MEETING, "How much money is there?", Reply("Three million [1]."))

    assert (found.text, found.citations) == ("Three million.[1]", ["p0"])
    assert [number for number, _, _ in lines_of(requests[0])] == [1, 2, 3, 4]


async def test_a_code_fence_is_no_part_of_an_answer(make_model: MakeModel) -> None:
    found, _ = await ask_question(make_model, MEETING, "市场预算多少？", Reply("```json\n预算是三百万。[1]\n```"))

    assert found.text == "预算是三百万。[1]"


async def test_markup_and_urls_are_removed(make_model: MakeModel) -> None:
    said = Reply("请看<img src=x onerror=alert(1)>[这里](https://evil.example/x)[1]。javascript:alert(1) 预算[1]。")

    found, _ = await ask_question(make_model, MEETING, "市场预算多少？", said)

    assert not re.search(r"<|evil|javascript|\]\(", found.text)


async def test_the_end_of_six_hours_is_found_with_a_small_context(make_model: MakeModel) -> None:
    document = long_talk(6)

    async with make_model(lambda request: Reply(f"正常[{lines_of(request)[0][0]}]。"), context=4096) as (
        cached_model,
        server,
    ):
        found = Answer()
        _ = [piece async for piece in answer(document, "第2155项工作怎么样", [], cached_model.model, found)]

    assert "第2155项" in server.requests[0].prompt
    assert len(found.citations) == 1


async def test_a_truncated_answer_raises_after_its_sentences(make_model: MakeModel) -> None:
    for reply, code in ((Reply("预算三百万[1]。" * 9, cut=True), "truncated"), (fault(401), "key")):
        with pytest.raises(LanguageModelError) as failed:
            await ask_question(make_model, MEETING, "市场预算多少？", reply)
        assert failed.value.code == f"language_model_{code}"


async def test_earlier_questions_give_context_to_the_next(make_model: MakeModel) -> None:
    found = Answer()
    async with make_model(lambda _: Reply("张三[1]。")) as (cached_model, server):
        earlier = [("市场预算多少？", "三百万")]
        _ = [piece async for piece in answer(MEETING, "谁说的？", earlier, cached_model.model, found)]

    assert found.citations == ["p0"]
    assert "之前的问题: 市场预算多少？" in server.requests[0].prompt


def test_terms_are_character_pairs_and_words() -> None:
    assert terms("用 Python 3.11 做预算") == ["python", "3.11", "用", "做预", "预算"]


def test_the_most_relevant_line_is_first() -> None:
    index = Index(number_lines(talk("预算的事下次再说", "预算和预算表都定了，预算三百万", "天气很好")))

    assert index.find("预算表定了吗") == [1, 0]
    assert index.find("恐龙") == []
