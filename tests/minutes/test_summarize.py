import re
from typing import Any

import pytest

from backend.engines.language_model_protocol import LanguageModelError, estimate_tokens
from backend.minutes.evidence import EvidenceChecker
from backend.minutes.schema import MinutesContent
from backend.minutes.summarize import SummaryResult, summarize
from backend.minutes.templates import BUILT_IN
from backend.transcripts.document import Document
from tests.language_server import ModelRequest, Reply, fault
from tests.minutes.conftest import MakeModel, long_talk, talk
from tests.minutes.models import good, is_section, lines_of, notes, whole

TEMPLATE = BUILT_IN["bluf"]
MEETING = talk(
    "今年的预算定为三百万。", "我同意，周五前我把方案发出来。", "那供应商还没有定下来。", "下周再讨论供应商的事。"
)


async def run_summarize(document: Document, cached_model: Any, *, fail_on_retryable: bool = False) -> SummaryResult:
    return await summarize(
        document, TEMPLATE, "zh", cached_model, lambda done, total: None, fail_on_retryable=fail_on_retryable
    )


def statements(minutes: MinutesContent) -> list[Any]:
    points = [point for topic in minutes.topics for point in topic.points]
    lists = (minutes.overview, minutes.decisions, minutes.actions, minutes.questions, minutes.speakers, minutes.topics)
    return [*points, *(one for many in lists for one in many), *([minutes.headline] if minutes.headline else [])]


async def test_minutes_have_evidence_and_name_people(make_model: MakeModel) -> None:
    async with make_model(good) as (cached_model, _):
        minutes = (await run_summarize(MEETING, cached_model)).minutes

    assert (minutes.title, minutes.language, minutes.dropped) == ("周会纪要", "zh", 0)
    assert minutes.headline is not None
    assert (minutes.headline.text, minutes.headline.evidence) == ("今年的预算定为三百万。", ["p0"])
    assert [(one.who, one.speaker, one.when, one.evidence) for one in minutes.actions] == [
        ("张三", "S1", "周五", ["p3"])
    ]
    assert [(topic.start, topic.end) for topic in minutes.topics] == [(0.0, 19.0)]
    assert (minutes.coverage.segments, minutes.coverage.covered) == (4, 4)
    assert minutes.used.calls == 2
    assert not any(one.doubtful for one in minutes.overview)


async def test_an_empty_document_needs_no_call(make_model: MakeModel) -> None:
    async with make_model(good) as (cached_model, server):
        minutes = (await run_summarize(talk(), cached_model)).minutes

    assert (minutes.headline, minutes.overview, minutes.coverage.segments, server.requests) == (None, [], 0, [])


async def test_statements_on_lines_that_were_not_shown_are_dropped_and_counted(make_model: MakeModel) -> None:
    def liar(request: ModelRequest) -> Reply:
        if not is_section(request):
            return Reply(
                whole(request) | {"headline": {"t": "公司已经破产", "n": [99]}, "overview": [{"t": "x", "n": []}]}
            )
        lies = [{"t": "预算翻倍", "n": [77]}, {"t": "解雇所有人", "n": []}, {"t": "没有依据", "n": "p0"}, "无编号的话"]
        return Reply(notes(request) | {"decisions": lies, "actions": [{"t": "卖掉公司", "who": "@9", "n": [0, -1, 5]}]})

    async with make_model(liar) as (cached_model, _):
        minutes = (await run_summarize(MEETING, cached_model)).minutes

    text = minutes.model_dump_json()
    assert (minutes.decisions, minutes.actions) == ([], [])
    assert not re.search("破产|翻倍|解雇|没有依据|卖掉", text)
    assert minutes.dropped >= 6
    assert minutes.headline is not None
    assert minutes.headline.evidence == ["p0"]


async def test_unsupported_statements_are_marked_doubtful(make_model: MakeModel) -> None:
    lies = [{"t": "火星移民开始", "n": [1]}, {"t": "方案发出来 2099", "n": [2]}, {"t": "预算300万", "n": [1]}]
    lies.append({"t": "@2同意发出方案", "n": [2]})

    def dreamer(request: ModelRequest) -> Reply:
        if not is_section(request):
            return Reply(whole(request))
        return Reply(notes(request) | {"decisions": lies})

    async with make_model(dreamer) as (cached_model, _):
        minutes = (await run_summarize(MEETING, cached_model)).minutes

    assert [one.doubtful for one in minutes.decisions] == [True, True, False, False]


@pytest.mark.parametrize(
    ("said", "written", "doubtful"),
    [("增长百分之三十", "增长30%", False), ("二零二六年见", "2026年见", False), ("增长百分之三十", "增长30", True)],
)
def test_a_number_is_evidence_in_both_forms(said: str, written: str, doubtful: bool) -> None:
    statement = EvidenceChecker(talk(said)).statement(written, [1], {1})

    assert statement is not None
    assert doubtful is statement.doubtful


async def test_unsupported_titles_keywords_people_and_dates_are_dropped_or_marked(
    make_model: MakeModel,
) -> None:
    def dreamer(request: ModelRequest) -> Reply:
        if not is_section(request):
            return Reply(whole(request) | {"title": "九百万的破产", "keywords": ["预算", "破产", "budget", "9000"]})
        tasks = [("周五前发方案", "@2", "周五前"), ("定下供应商", "赵六", ""), ("下周讨论供应商", "", "十月七日")]
        lines = (2, 3, 4)
        actions = [{"t": t, "who": who, "when": when, "n": [n]} for (t, who, when), n in zip(tasks, lines, strict=True)]
        return Reply(notes(request) | {"actions": actions})

    async with make_model(dreamer) as (cached_model, _):
        minutes = (await run_summarize(MEETING, cached_model)).minutes

    assert (minutes.title, minutes.keywords) == ("", ["预算", "budget"])
    assert [(one.text, one.doubtful) for one in minutes.actions] == [
        ("周五前发方案", False),
        ("定下供应商", True),
        ("下周讨论供应商", True),
    ]


async def test_six_hours_are_read_section_by_section_within_eight_thousand_tokens(make_model: MakeModel) -> None:
    document = long_talk(6)

    async with make_model(good, context=8192) as (cached_model, server):
        made = await run_summarize(document, cached_model)

    minutes = made.minutes
    shown = {number for one in server.requests if is_section(one) for number, _, _ in lines_of(one)}
    own = estimate_tokens("\n".join(segment.text for segment in document.segments))
    assert made.warnings == []
    assert shown == set(range(1, len(document.segments) + 1))
    assert (minutes.coverage.covered, minutes.coverage.segments) == (len(document.segments),) * 2
    assert all(section.covered for section in minutes.coverage.sections)
    assert len(minutes.topics) == len(minutes.coverage.sections) > 5
    assert minutes.used.prompt_tokens <= 1.4 * own
    assert {id for one in statements(minutes) for id in one.evidence} <= {one.id for one in document.segments}


async def test_a_segment_longer_than_a_section_is_read_to_its_end(make_model: MakeModel) -> None:
    text = "".join(f"第{number}点我们要说明一下情况。" for number in range(1500))

    async with make_model(good, context=4096) as (cached_model, server):
        minutes = (await run_summarize(talk(text), cached_model)).minutes

    pieces = {line for one in server.requests if is_section(one) for _, _, line in lines_of(one)}
    assert "".join(sorted(pieces, key=_place)) == text
    assert (minutes.coverage.segments, minutes.coverage.covered) == (1, 1)


def _place(text: str) -> int:
    return int(re.findall(r"第(\d+)点", text)[0])


async def test_a_failed_section_is_retried_in_halves_and_then_reported(make_model: MakeModel) -> None:
    def stumbles(request: ModelRequest) -> Reply:
        if is_section(request) and any(text.startswith("第200项") for _, _, text in lines_of(request)):
            return Reply("我不能处理这个内容。")
        return good(request)

    document = long_talk(1)
    async with make_model(stumbles) as (cached_model, _):
        made = await run_summarize(document, cached_model)

    coverage = made.minutes.coverage
    missed = [section for section in coverage.sections if not section.covered]
    assert [warning["code"] for warning in made.warnings] == ["minutes_gaps"]
    assert coverage.covered > 0.8 * coverage.segments
    assert [section.code for section in missed] == ["language_model_bad_answer"] * len(missed)
    assert coverage.segments - coverage.covered == sum(section.segments for section in missed) > 0


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (fault(401), "language_model_key"),
        (fault(500), "language_model_failed"),
        (Reply("好的"), "language_model_bad_answer"),
        (Reply(refusal="no"), "language_model_refused"),
        (Reply(""), "language_model_bad_answer"),
        (Reply({}), "language_model_bad_answer"),
    ],
)
async def test_a_model_without_any_usable_answer_raises_its_code(
    make_model: MakeModel, reply: Reply, code: str
) -> None:
    async with make_model(lambda _: reply) as (cached_model, _):
        with pytest.raises(LanguageModelError) as failed:
            await run_summarize(MEETING, cached_model)

    assert failed.value.code == code


async def test_halves_are_not_tried_when_every_section_is_refused(make_model: MakeModel) -> None:
    async with make_model(lambda _: Reply(refusal="no")) as (cached_model, server):
        with pytest.raises(LanguageModelError) as refused:
            await run_summarize(long_talk(2), cached_model)
    own = {lines_of(one)[0][0] for one in server.requests}

    assert refused.value.code == "language_model_refused"
    assert len(server.requests) == len(own) > 5


async def test_sections_that_are_all_too_long_are_halved(make_model: MakeModel) -> None:
    def small(request: ModelRequest) -> Reply:
        if is_section(request) and len(lines_of(request)) > 60:
            return fault(400, "maximum context length is 4096 tokens")
        return good(request)

    document = long_talk(1)
    async with make_model(small) as (cached_model, _):
        made = await run_summarize(document, cached_model)

    assert (made.warnings, made.minutes.coverage.covered) == ([], len(document.segments))


async def test_a_retryable_error_of_one_section_can_end_the_attempt(make_model: MakeModel) -> None:
    def busy_later(request: ModelRequest) -> Reply:
        late = is_section(request) and lines_of(request)[0][0] > 200
        return fault(503) if late else good(request)

    async with make_model(busy_later) as (cached_model, _):
        with pytest.raises(LanguageModelError) as busy:
            await run_summarize(long_talk(1), cached_model, fail_on_retryable=True)
        made = await run_summarize(long_talk(1), cached_model)

    assert busy.value.retry
    assert made.warnings[0]["code"] == "minutes_gaps"
    assert made.minutes.coverage.covered > 0


async def test_minutes_without_a_summary_use_the_sections(make_model: MakeModel) -> None:
    async with make_model(lambda request: good(request) if is_section(request) else Reply("嗯")) as (cached_model, _):
        made = await run_summarize(MEETING, cached_model)

    assert [one.text for one in made.minutes.overview] == ["今年的预算定为三百万。", "下周再讨论供应商的事。"]
    assert [warning["code"] for warning in made.warnings] == ["language_model_bad_answer"]


async def test_answers_are_not_paid_for_twice(make_model: MakeModel) -> None:
    class MemoryCache:
        def __init__(self) -> None:
            self.kept: dict[str, dict[str, object]] = {}

        async def get(self, key: str) -> dict[str, object] | None:
            return self.kept.get(key)

        async def put(self, key: str, value: dict[str, object]) -> None:
            self.kept[key] = value

    cache = MemoryCache()
    async with make_model(good, cache=cache) as (cached_model, server):
        first = await run_summarize(long_talk(1), cached_model)
        calls = len(server.requests)
    async with make_model(good, cache=cache) as (cached_model, server):
        second = await run_summarize(long_talk(1), cached_model)

    assert (first.minutes, calls > 2, server.requests) == (second.minutes, True, [])


async def test_a_context_that_is_too_small_has_a_code(make_model: MakeModel) -> None:
    async with make_model(good, context=1000) as (cached_model, _):
        with pytest.raises(LanguageModelError) as failed:
            await run_summarize(MEETING, cached_model)

    assert failed.value.code == "language_model_context"


async def test_prompts_contain_the_language_and_the_template(make_model: MakeModel) -> None:
    async with make_model(good) as (cached_model, server):
        made = await summarize(MEETING, BUILT_IN["official"], "en", cached_model, lambda done, total: None)

    assert made.minutes.language == "en"
    assert all("English" in one.system and "公文" in one.system for one in server.requests)
