from dataclasses import replace
from typing import Any

import pytest

from backend.engines.language_model_protocol import LanguageModelError, estimate_tokens
from backend.minutes.translate import TranslatedLine, TranslationResult, translate
from backend.transcripts.document import Document
from tests.language_server import ModelRequest, Reply, fault
from tests.minutes.conftest import MakeModel, long_talk, talk
from tests.minutes.models import lines_of

MEETING = talk("今天先看预算", "我不同意", "好的")
ENGLISH = {"今天先看预算": "Let us look at the budget first", "我不同意": "I do not agree", "好的": "All right"}


def translator(request: ModelRequest) -> Reply:
    """A model that translates every line."""
    return Reply({"lines": [{"n": n, "t": ENGLISH.get(t, f"Item {n} is on track")} for n, _, t in lines_of(request)]})


async def run_translate(
    document: Document, cached_model: Any, known: dict[str, TranslatedLine] | None = None, **options: Any
) -> TranslationResult:
    return await translate(document, "en", ["火山引擎"], known or {}, cached_model, lambda done, total: None, **options)


async def test_every_segment_has_its_translation(make_model: MakeModel) -> None:
    async with make_model(translator) as (cached_model, server):
        made = await run_translate(MEETING, cached_model)

    assert [(line.segment, line.text, line.reason) for line in made.lines] == [
        ("p0", "Let us look at the budget first", ""),
        ("p1", "I do not agree", ""),
        ("p2", "All right", ""),
    ]
    assert made.warnings == []
    assert "火山引擎" in server.requests[0].system
    assert "英语" in server.requests[0].system


async def test_an_hour_is_translated_in_windows_and_no_segment_is_skipped(make_model: MakeModel) -> None:
    document = long_talk(1)
    async with make_model(
        lambda request: Reply({"lines": [{"n": n, "t": f"Item {n - 1} is fine"} for n, _, _ in lines_of(request)]})
    ) as (cached_model, server):
        made = await run_translate(document, cached_model)

    assert [line.segment for line in made.lines] == [segment.id for segment in document.segments]
    assert {line.reason for line in made.lines} == {""}
    for request in server.requests:
        assert estimate_tokens(request.system) + estimate_tokens(request.prompt) < 8192


async def test_lines_left_out_are_asked_for_once_more(make_model: MakeModel) -> None:
    asked: list[list[int]] = []

    def forgetful(request: ModelRequest) -> Reply:
        asked.append([n for n, _, _ in lines_of(request)])
        lines = lines_of(request) if len(asked) > 1 else lines_of(request)[:1]
        return Reply({"lines": [{"n": n, "t": ENGLISH[t]} for n, _, t in lines]})

    async with make_model(forgetful) as (cached_model, _):
        made = await run_translate(MEETING, cached_model)

    assert asked == [[1, 2, 3], [2, 3]]
    assert [line.text for line in made.lines] == list(ENGLISH.values())


async def test_what_the_model_never_gives_is_said(make_model: MakeModel) -> None:
    def stubborn(request: ModelRequest) -> Reply:
        return Reply({"lines": [{"n": n, "t": t} for n, _, t in lines_of(request) if t != "好的"]})

    async with make_model(stubborn) as (cached_model, _):
        made = await run_translate(MEETING, cached_model)

    assert [(line.text, line.reason) for line in made.lines] == [
        ("", "untranslated"),
        ("", "untranslated"),
        ("", "missing"),
    ]
    assert [warning["code"] for warning in made.warnings] == ["translation_gaps"]


async def test_only_segments_that_changed_are_sent_again(make_model: MakeModel) -> None:
    async with make_model(translator) as (cached_model, server):
        first = await run_translate(MEETING, cached_model)
        segments = list(MEETING.segments)
        segments[0] = replace(segments[0], text="今天先看预算。")  # only a mark was added
        segments[1] = replace(segments[1], text="我同意")
        ENGLISH["我同意"] = "I agree"
        known = {line.segment: line for line in first.lines}
        made = await run_translate(replace(MEETING, segments=tuple(segments)), cached_model, known)

    assert [text for _, _, text in lines_of(server.requests[-1])] == ["我同意"]
    assert [line.text for line in made.lines] == ["Let us look at the budget first", "I agree", "All right"]


async def test_what_a_person_wrote_stays(make_model: MakeModel) -> None:
    known = {"p1": TranslatedLine("p1", "我不同意", "No way", by_person=True)}
    async with make_model(translator) as (cached_model, server):
        made = await run_translate(MEETING, cached_model, known)

    assert made.lines[1].text == "No way"
    assert "我不同意" not in server.requests[0].prompt


async def test_a_segment_longer_than_a_window_is_translated_in_pieces(make_model: MakeModel) -> None:
    long = talk("我们把这一块的进展同步一下。" * 400, "好的")

    def labels(request: ModelRequest) -> list[str]:
        lines = [line.partition("@") for line in request.prompt.splitlines()]
        return [label for label, at, _ in lines if at and label]

    async with make_model(
        lambda request: Reply({"lines": [{"n": one, "t": "progress and so on " * 60} for one in labels(request)]})
    ) as (cached_model, server):
        made = await run_translate(long, cached_model)

    assert made.lines[0].text.startswith("progress and so on")
    pieces = {label for request in server.requests for label in labels(request) if "-" in label}
    assert len(pieces) > 2
    assert made.lines[0].text.count("progress") == 60 * len(pieces)


async def test_a_window_that_fails_for_good_leaves_the_others(make_model: MakeModel) -> None:
    calls: list[int] = []

    def sometimes(request: ModelRequest) -> Reply:
        calls.append(1)
        return fault(400) if any(t.startswith("第7项") for _, _, t in lines_of(request)) else translator(request)

    async with make_model(sometimes) as (cached_model, _):
        made = await run_translate(long_talk(0.5), cached_model)

    assert any(line.text for line in made.lines)
    assert {line.reason for line in made.lines if not line.text} == {"missing"}
    assert [warning["code"] for warning in made.warnings] == ["translation_gaps"]


async def test_where_no_window_is_translated_it_fails(make_model: MakeModel) -> None:
    async with make_model(lambda _request: fault(400)) as (cached_model, _):
        with pytest.raises(LanguageModelError):
            await run_translate(MEETING, cached_model)
