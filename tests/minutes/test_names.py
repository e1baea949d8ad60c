import pytest

from backend.minutes.names import Suggestion, suggest
from backend.transcripts.document import Document
from tests.language_server import Asked, Reply
from tests.minutes.conftest import MakeAsking, long_talk, talk

MEETING = talk(
    "大家好，我是王小明，负责研发。", "谢谢，我这边说一下进度。", "下面有请李总。", "好的，我来讲。", names=(None, None)
)


async def suggested(asking: MakeAsking, document: Document, answer: object) -> tuple[list[Suggestion], list[Asked]]:
    async with asking(lambda _: Reply({"speakers": answer})) as (asked, server):
        return await suggest(document, asked), server.asked


async def test_a_name_is_suggested_with_what_was_said(asking: MakeAsking) -> None:
    answer = [{"s": "@1", "name": "王小明", "n": [1]}, {"s": "@2", "name": "李总", "n": [4, 3]}]

    found, _ = await suggested(asking, MEETING, answer)

    assert found == [
        Suggestion("S1", "王小明", "p0", "大家好，我是王小明，负责研发。"),
        Suggestion("S2", "李总", "p2", "下面有请李总。"),
    ]


@pytest.mark.parametrize(
    "lie",
    [
        {"s": "@1", "name": "赵六", "n": [1]},
        {"s": "@1", "name": "王小明", "n": [2]},
        {"s": "@1", "name": "王小明", "n": [99]},
        {"s": "@1", "name": "王小明", "n": []},
        {"s": "@7", "name": "王小明", "n": [1]},
        {"s": "@1", "name": "<b>王小明</b>", "n": [3]},
        {"s": "@1", "name": "", "n": [1]},
        {"s": "@1", "name": "我", "n": [1]},
    ],
)
async def test_a_name_that_was_not_said_is_not_suggested(asking: MakeAsking, lie: object) -> None:
    found, _ = await suggested(asking, MEETING, [lie])

    assert found == []


async def test_one_name_is_not_suggested_for_two(asking: MakeAsking) -> None:
    answer = [{"s": "@1", "name": "李总", "n": [3]}, {"s": "@2", "name": "李总", "n": [3]}]

    found, _ = await suggested(asking, MEETING, answer)

    assert found == []


async def test_who_has_a_name_keeps_it(asking: MakeAsking) -> None:
    document = talk(*(segment.text for segment in MEETING.segments), names=("王小明", None))

    found, _ = await suggested(asking, document, [{"s": "@1", "name": "李总", "n": [3]}])

    assert found == []


async def test_the_model_is_not_asked_where_nobody_is_called_anything(asking: MakeAsking) -> None:
    _, asked = await suggested(asking, talk("今天下雨。", names=(None,)), [])

    assert asked == []


async def test_twelve_hours_are_asked_in_one_question(asking: MakeAsking) -> None:
    document = long_talk(12)

    _, asked = await suggested(asking, document, [])

    assert len(asked) <= 1
