from dataclasses import replace
from typing import Any

import pytest

from backend.engines.language import LanguageModelError, tokens_of
from backend.minutes.polish import Edit, Polished, applied, polish
from backend.speech.types import Word
from backend.transcripts.document import Document
from tests.language_server import Asked, Reply, fault
from tests.minutes.conftest import MakeAsking, long_talk, talk
from tests.minutes.models import lines_of

MEETING = talk("嗯那个预算是三百万", "我不同意啊", "好的", "火山引擎的报价呢就是五十万")


def tidy(text: str) -> str:
    for filler in ("嗯", "那个", "啊", "呢就是"):
        text = text.replace(filler, "")
    return text.rstrip("。") + "。"


def polisher(asked: Asked) -> Reply:
    """A model that does what it is asked."""
    return Reply({"lines": [{"n": number, "t": tidy(text)} for number, _, text in lines_of(asked)]})


async def polished(document: Document, asking: Any, *, patient: bool = False) -> Polished:
    return await polish(document, ["火山引擎"], asking, lambda done, total: None, patient=patient)


async def test_only_texts_change(asking: MakeAsking) -> None:
    async with asking(polisher) as (asked, _):
        made = await polished(MEETING, asked)

    after = applied(MEETING, made.changes)
    texts = [segment.text for segment in after.segments]
    assert texts == ["预算是三百万。", "我不同意。", "好的。", "火山引擎的报价五十万。"]
    assert made.refused == made.warnings == []
    for old, new in zip(MEETING.segments, after.segments, strict=True):
        assert replace(new, text=old.text) == old


async def test_what_may_not_change_is_refused_with_its_reason(asking: MakeAsking) -> None:
    lies = ["嗯那个预算是三千万", "我同意啊", "好的<script>", "火山云的报价呢就是五十万", "第五行"]

    def liar(_asked: Asked) -> Reply:
        return Reply({"lines": [{"n": number, "t": text} for number, text in enumerate(lies, 1)]})

    async with asking(liar) as (asked, _):
        made = await polished(MEETING, asked)

    assert made.changes == []
    assert [edit.reason for edit in made.refused] == ["numbers", "negation", "markup", "hotwords"]
    assert made.refused[2].after == "好的"
    assert applied(MEETING, made.changes) == MEETING


async def test_words_keep_their_times_where_only_marks_were_added(asking: MakeAsking) -> None:
    words = (Word("好", 10.0, 10.2), Word("的", 10.2, 10.4))
    segments = tuple(replace(one, words=words) if one.text == "好的" else one for one in MEETING.segments)
    async with asking(polisher) as (asked, _):
        made = await polished(replace(MEETING, segments=segments), asked)

    after = applied(replace(MEETING, segments=segments), made.changes)
    assert [len(segment.words) for segment in after.segments] == [0, 0, 2, 0]


async def test_an_hour_is_polished_in_windows_and_no_segment_is_skipped(asking: MakeAsking) -> None:
    document = long_talk(1)

    async with asking(lambda asked: Reply({"lines": [{"n": n, "t": f"{t}！"} for n, _, t in lines_of(asked)]})) as (
        asked,
        server,
    ):
        made = await polished(document, asked)

    assert len(made.changes) == len(document.segments)
    assert len(server.asked) > 3


async def test_six_hours_cost_little_more_than_their_own_tokens_and_no_segment_is_left_out(asking: MakeAsking) -> None:
    document = long_talk(6)
    own = tokens_of("\n".join(segment.text for segment in document.segments))

    async with asking(lambda asked: Reply({"lines": [{"n": n, "t": f"{t}！"} for n, _, t in lines_of(asked)]})) as (
        asked,
        _,
    ):
        made = await polished(document, asked)

    assert [edit.segment for edit in made.changes] == [segment.id for segment in document.segments]
    assert (made.warnings, asked.tally.prompt_tokens <= 1.4 * own) == ([], True)


async def test_a_window_that_comes_to_nothing_stays_as_it_was(asking: MakeAsking) -> None:
    def stumbles(asked: Asked) -> Reply:
        return Reply("不行") if lines_of(asked)[0][0] == 1 else polisher(asked)

    async with asking(stumbles) as (asked, _):
        made = await polished(long_talk(1), asked)

    assert [warning["code"] for warning in made.warnings] == ["polish_gaps"]


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (fault(401), "language_model_key"),
        (fault(500), "language_model_failed"),
        (Reply("好"), "language_model_bad_answer"),
        (Reply('{"lines": [{"n": 1, "t": "嗯', finish="length"), "language_model_truncated"),
    ],
)
async def test_a_model_that_gives_nothing_at_all_says_why(asking: MakeAsking, reply: Reply, code: str) -> None:
    async with asking(lambda _: reply) as (asked, _):
        with pytest.raises(LanguageModelError) as failed:
            await polished(MEETING, asked)

    assert failed.value.code == code


async def test_a_segment_longer_than_a_window_is_left_alone(asking: MakeAsking) -> None:
    async with asking(polisher, context=4096) as (asked, server):
        made = await polished(talk("嗯我们要说明一下情况" * 500), asked)

    assert (made.changes, server.asked) == ([], [])


def test_what_somebody_wrote_meanwhile_stays() -> None:
    edit = Edit("p0", "旧的话", "新的话")

    assert applied(MEETING, [edit]) == MEETING
