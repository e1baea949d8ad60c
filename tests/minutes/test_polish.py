from dataclasses import replace
from typing import Any

import pytest

from backend.engines.language_model_protocol import LanguageModelError, estimate_tokens
from backend.minutes.polish import Edit, PolishResult, apply_edits, polish
from backend.speech.types import Word
from backend.transcripts.document import Document
from tests.language_server import ModelRequest, Reply, fault
from tests.minutes.conftest import MakeModel, long_talk, talk
from tests.minutes.models import lines_of

MEETING = talk("嗯那个预算是三百万", "我不同意啊", "好的", "火山引擎的报价呢就是五十万")


def tidy(text: str) -> str:
    for filler in ("嗯", "那个", "啊", "呢就是"):
        text = text.replace(filler, "")
    return text.rstrip("。") + "。"


def polisher(request: ModelRequest) -> Reply:
    """A model that polishes every line."""
    return Reply({"lines": [{"n": number, "t": tidy(text)} for number, _, text in lines_of(request)]})


async def run_polish(document: Document, cached_model: Any, *, fail_on_retryable: bool = False) -> PolishResult:
    return await polish(
        document, ["火山引擎"], cached_model, lambda done, total: None, fail_on_retryable=fail_on_retryable
    )


async def test_only_texts_change(make_model: MakeModel) -> None:
    async with make_model(polisher) as (cached_model, _):
        made = await run_polish(MEETING, cached_model)

    after = apply_edits(MEETING, made.changes)
    texts = [segment.text for segment in after.segments]
    assert texts == ["预算是三百万。", "我不同意。", "好的。", "火山引擎的报价五十万。"]
    assert made.refused == made.warnings == []
    for old, new in zip(MEETING.segments, after.segments, strict=True):
        assert replace(new, text=old.text) == old


async def test_forbidden_changes_are_refused_with_a_reason(make_model: MakeModel) -> None:
    lies = ["嗯那个预算是三千万", "我同意啊", "好的<script>", "火山云的报价呢就是五十万", "第五行"]

    def liar(_request: ModelRequest) -> Reply:
        return Reply({"lines": [{"n": number, "t": text} for number, text in enumerate(lies, 1)]})

    async with make_model(liar) as (cached_model, _):
        made = await run_polish(MEETING, cached_model)

    assert made.changes == []
    assert [edit.reason for edit in made.refused] == ["numbers", "negation", "markup", "hotwords"]
    assert made.refused[2].after == "好的"
    assert apply_edits(MEETING, made.changes) == MEETING


async def test_words_keep_their_times_where_only_marks_were_added(make_model: MakeModel) -> None:
    words = (Word("好", 10.0, 10.2), Word("的", 10.2, 10.4))
    segments = tuple(replace(one, words=words) if one.text == "好的" else one for one in MEETING.segments)
    async with make_model(polisher) as (cached_model, _):
        made = await run_polish(replace(MEETING, segments=segments), cached_model)

    after = apply_edits(replace(MEETING, segments=segments), made.changes)
    assert [len(segment.words) for segment in after.segments] == [0, 0, 2, 0]


async def test_an_hour_is_polished_in_windows_and_no_segment_is_skipped(make_model: MakeModel) -> None:
    document = long_talk(1)

    async with make_model(
        lambda request: Reply({"lines": [{"n": n, "t": f"{t}！"} for n, _, t in lines_of(request)]})
    ) as (
        cached_model,
        server,
    ):
        made = await run_polish(document, cached_model)

    assert len(made.changes) == len(document.segments)
    assert len(server.requests) > 3


async def test_six_hours_cost_little_more_than_their_own_tokens_and_no_segment_is_left_out(
    make_model: MakeModel,
) -> None:
    document = long_talk(6)
    own = estimate_tokens("\n".join(segment.text for segment in document.segments))

    async with make_model(
        lambda request: Reply({"lines": [{"n": n, "t": f"{t}！"} for n, _, t in lines_of(request)]})
    ) as (
        cached_model,
        _,
    ):
        made = await run_polish(document, cached_model)

    assert [edit.segment for edit in made.changes] == [segment.id for segment in document.segments]
    assert (made.warnings, cached_model.usage.prompt_tokens <= 1.4 * own) == ([], True)


async def test_a_window_that_comes_to_nothing_stays_as_it_was(make_model: MakeModel) -> None:
    def stumbles(request: ModelRequest) -> Reply:
        return Reply("不行") if lines_of(request)[0][0] == 1 else polisher(request)

    async with make_model(stumbles) as (cached_model, _):
        made = await run_polish(long_talk(1), cached_model)

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
async def test_a_model_that_gives_nothing_at_all_says_why(make_model: MakeModel, reply: Reply, code: str) -> None:
    async with make_model(lambda _: reply) as (cached_model, _):
        with pytest.raises(LanguageModelError) as failed:
            await run_polish(MEETING, cached_model)

    assert failed.value.code == code


async def test_a_segment_longer_than_a_window_is_left_alone(make_model: MakeModel) -> None:
    async with make_model(polisher, context=4096) as (cached_model, server):
        made = await run_polish(talk("嗯我们要说明一下情况" * 500), cached_model)

    assert (made.changes, server.requests) == ([], [])


def test_what_somebody_wrote_meanwhile_stays() -> None:
    edit = Edit("p0", "旧的话", "新的话")

    assert apply_edits(MEETING, [edit]) == MEETING
