import pytest

from backend.minutes.names import Suggestion, suggest
from backend.transcripts.document import Document
from tests.language_server import ModelRequest, Reply
from tests.minutes.conftest import MakeModel, long_talk, talk

MEETING = talk(
    "大家好，我是王小明，负责研发。", "谢谢，我这边说一下进度。", "下面有请李总。", "好的，我来讲。", names=(None, None)
)


async def run_suggest(
    make_model: MakeModel, document: Document, answer: object
) -> tuple[list[Suggestion], list[ModelRequest]]:
    async with make_model(lambda _: Reply({"speakers": answer})) as (cached_model, server):
        return await suggest(document, cached_model), server.requests


async def test_a_name_is_suggested_with_its_quote(make_model: MakeModel) -> None:
    answer = [{"s": "@1", "name": "王小明", "n": [1]}, {"s": "@2", "name": "李总", "n": [4, 3]}]

    found, _ = await run_suggest(make_model, MEETING, answer)

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
async def test_a_name_that_was_not_said_is_not_suggested(make_model: MakeModel, lie: object) -> None:
    found, _ = await run_suggest(make_model, MEETING, [lie])

    assert found == []


async def test_one_name_is_not_suggested_for_two_speakers(make_model: MakeModel) -> None:
    answer = [{"s": "@1", "name": "李总", "n": [3]}, {"s": "@2", "name": "李总", "n": [3]}]

    found, _ = await run_suggest(make_model, MEETING, answer)

    assert found == []


async def test_a_speaker_with_a_name_gets_no_suggestion(make_model: MakeModel) -> None:
    document = talk(*(segment.text for segment in MEETING.segments), names=("王小明", None))

    found, _ = await run_suggest(make_model, document, [{"s": "@1", "name": "李总", "n": [3]}])

    assert found == []


async def test_the_model_is_not_called_where_no_names_are_mentioned(make_model: MakeModel) -> None:
    _, requests = await run_suggest(make_model, talk("今天下雨。", names=(None,)), [])

    assert requests == []


async def test_twelve_hours_take_at_most_one_call(make_model: MakeModel) -> None:
    document = long_talk(12)

    _, requests = await run_suggest(make_model, document, [])

    assert len(requests) <= 1
