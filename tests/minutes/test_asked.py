import re

import pytest

from backend.engines.language import LanguageModelError
from backend.minutes.asked import Answer, answer
from backend.minutes.retrieval import Index, terms
from backend.minutes.sections import lines_of as numbered
from backend.transcripts.document import Document
from tests.language_server import Asked, Reply, fault
from tests.minutes.conftest import MakeAsking, long_talk, talk
from tests.minutes.models import lines_of

MEETING = talk(
    "今年的市场预算定为三百万。", "我同意。", "供应商选了火山引擎。", "上线时间是六月底。", names=("张三", "李四")
)


async def heard(asking: MakeAsking, document: Document, question: str, *replies: Reply) -> tuple[Answer, list[Asked]]:
    found = Answer()
    async with asking(lambda _: replies[0]) as (asked, server):
        pieces = [piece async for piece in answer(document, question, [], asked.model, found)]
    assert "".join(pieces) == found.text
    return found, server.asked


async def test_an_answer_cites_segments(asking: MakeAsking) -> None:
    said = Reply("预算是三百万[1]。@2同意了。[2]供应商是火山引擎【3】。")

    found, asked = await heard(asking, MEETING, "市场预算多少，供应商选了谁？", said)

    assert found.text == "预算是三百万。[1]李四同意了。[2]供应商是火山引擎。[3]"
    assert found.citations == ["p0", "p1", "p2"]
    assert {text for _, _, text in lines_of(asked[0])} >= {"今年的市场预算定为三百万。"}
    assert found.tally.calls == 1


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
async def test_what_cites_nothing_is_no_answer(asking: MakeAsking, said: str) -> None:
    found, _ = await heard(asking, MEETING, "市场预算多少？", Reply(said))

    assert (found.text, found.citations) == ("", [])


async def test_the_model_is_not_asked_what_nobody_spoke_of(asking: MakeAsking) -> None:
    found, asked = await heard(asking, MEETING, "恐龙灭绝的原因？", Reply("陨石[1]。"))

    assert (found.text, asked) == ("", [])


async def test_markup_and_addresses_do_not_pass(asking: MakeAsking) -> None:
    said = Reply("请看<img src=x onerror=alert(1)>[这里](https://evil.example/x)[1]。javascript:alert(1) 预算[1]。")

    found, _ = await heard(asking, MEETING, "市场预算多少？", said)

    assert not re.search(r"<|evil|javascript|\]\(", found.text)


async def test_the_end_of_six_hours_is_found_within_a_small_context(asking: MakeAsking) -> None:
    document = long_talk(6)

    async with asking(lambda asked: Reply(f"正常[{lines_of(asked)[0][0]}]。"), context=4096) as (asked, server):
        found = Answer()
        _ = [piece async for piece in answer(document, "第2155项工作怎么样", [], asked.model, found)]

    assert "第2155项" in server.asked[0].prompt
    assert len(found.citations) == 1


async def test_a_cut_answer_raises_after_what_was_said(asking: MakeAsking) -> None:
    for reply, code in ((Reply("预算三百万[1]。" * 9, cut=True), "truncated"), (fault(401), "key")):
        with pytest.raises(LanguageModelError) as failed:
            await heard(asking, MEETING, "市场预算多少？", reply)
        assert failed.value.code == f"language_model_{code}"


async def test_an_earlier_question_says_what_the_next_is_about(asking: MakeAsking) -> None:
    found = Answer()
    async with asking(lambda _: Reply("张三[1]。")) as (asked, server):
        earlier = [("市场预算多少？", "三百万")]
        _ = [piece async for piece in answer(MEETING, "谁说的？", earlier, asked.model, found)]

    assert found.citations == ["p0"]
    assert "之前的问题: 市场预算多少？" in server.asked[0].prompt


def test_terms_are_pairs_of_characters_and_words() -> None:
    assert terms("用 Python 3.11 做预算") == ["python", "3.11", "用", "做预", "预算"]


def test_the_line_that_says_most_comes_first() -> None:
    index = Index(numbered(talk("预算的事下次再说", "预算和预算表都定了，预算三百万", "天气很好")))

    assert index.find("预算表定了吗") == [1, 0]
    assert index.find("恐龙") == []
