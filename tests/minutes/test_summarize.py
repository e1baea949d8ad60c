import re
from typing import Any

import pytest

from backend.engines.language import LanguageModelError, tokens_of
from backend.minutes.form import MinutesForm
from backend.minutes.summarize import Written, summarize
from backend.minutes.templates import BUILT_IN
from backend.transcripts.document import Document
from tests.language_server import Asked, Reply, fault
from tests.minutes.conftest import MakeAsking, long_talk, talk
from tests.minutes.models import good, is_section, lines_of, notes, whole

TEMPLATE = BUILT_IN["bluf"]
MEETING = talk(
    "今年的预算定为三百万。", "我同意，周五前我把方案发出来。", "那供应商还没有定下来。", "下周再讨论供应商的事。"
)


async def written(document: Document, asking: Any, *, patient: bool = False) -> Written:
    return await summarize(document, TEMPLATE, "zh", asking, lambda done, total: None, patient=patient)


def statements(minutes: MinutesForm) -> list[Any]:
    points = [point for topic in minutes.topics for point in topic.points]
    lists = (minutes.overview, minutes.decisions, minutes.actions, minutes.questions, minutes.speakers, minutes.topics)
    return [*points, *(one for many in lists for one in many), *([minutes.headline] if minutes.headline else [])]


async def test_minutes_rest_on_segments_and_name_people(asking: MakeAsking) -> None:
    async with asking(good) as (asked, _):
        minutes = (await written(MEETING, asked)).minutes

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


async def test_nothing_was_said_and_nothing_is_asked(asking: MakeAsking) -> None:
    async with asking(good) as (asked, server):
        minutes = (await written(talk(), asked)).minutes

    assert (minutes.headline, minutes.overview, minutes.coverage.segments, server.asked) == (None, [], 0, [])


async def test_statements_on_lines_that_were_not_shown_are_dropped_and_counted(asking: MakeAsking) -> None:
    def liar(asked: Asked) -> Reply:
        if not is_section(asked):
            return Reply(
                whole(asked) | {"headline": {"t": "公司已经破产", "n": [99]}, "overview": [{"t": "x", "n": []}]}
            )
        lies = [{"t": "预算翻倍", "n": [77]}, {"t": "解雇所有人", "n": []}, {"t": "没有依据", "n": "p0"}, "无编号的话"]
        return Reply(notes(asked) | {"decisions": lies, "actions": [{"t": "卖掉公司", "who": "@9", "n": [0, -1, 5]}]})

    async with asking(liar) as (asked, _):
        minutes = (await written(MEETING, asked)).minutes

    text = minutes.model_dump_json()
    assert (minutes.decisions, minutes.actions) == ([], [])
    assert not re.search("破产|翻倍|解雇|没有依据|卖掉", text)
    assert minutes.dropped >= 6
    assert minutes.headline is not None
    assert minutes.headline.evidence == ["p0"]


async def test_what_its_segments_do_not_say_is_marked(asking: MakeAsking) -> None:
    lies = [{"t": "火星移民开始", "n": [1]}, {"t": "方案发出来 2099", "n": [2]}, {"t": "预算300万", "n": [1]}]
    lies.append({"t": "@2同意发出方案", "n": [2]})

    def dreamer(asked: Asked) -> Reply:
        if not is_section(asked):
            return Reply(whole(asked))
        return Reply(notes(asked) | {"decisions": lies})

    async with asking(dreamer) as (asked, _):
        minutes = (await written(MEETING, asked)).minutes

    assert [one.doubtful for one in minutes.decisions] == [True, True, False, False]


async def test_titles_keywords_people_and_dates_that_nobody_spoke_of_are_dropped_or_marked(asking: MakeAsking) -> None:
    def dreamer(asked: Asked) -> Reply:
        if not is_section(asked):
            return Reply(whole(asked) | {"title": "九百万的破产", "keywords": ["预算", "破产", "budget", "9000"]})
        tasks = [("周五前发方案", "@2", "周五前"), ("定下供应商", "赵六", ""), ("下周讨论供应商", "", "十月七日")]
        lines = (2, 3, 4)
        actions = [{"t": t, "who": who, "when": when, "n": [n]} for (t, who, when), n in zip(tasks, lines, strict=True)]
        return Reply(notes(asked) | {"actions": actions})

    async with asking(dreamer) as (asked, _):
        minutes = (await written(MEETING, asked)).minutes

    assert (minutes.title, minutes.keywords) == ("", ["预算", "budget"])
    assert [(one.text, one.doubtful) for one in minutes.actions] == [
        ("周五前发方案", False),
        ("定下供应商", True),
        ("下周讨论供应商", True),
    ]


async def test_six_hours_are_read_section_by_section_within_eight_thousand_tokens(asking: MakeAsking) -> None:
    document = long_talk(6)

    async with asking(good, context=8192) as (asked, server):
        made = await written(document, asked)

    minutes = made.minutes
    shown = {number for one in server.asked if is_section(one) for number, _, _ in lines_of(one)}
    own = tokens_of("\n".join(segment.text for segment in document.segments))
    assert made.warnings == []
    assert shown == set(range(1, len(document.segments) + 1))
    assert (minutes.coverage.covered, minutes.coverage.segments) == (len(document.segments),) * 2
    assert all(section.covered for section in minutes.coverage.sections)
    assert len(minutes.topics) == len(minutes.coverage.sections) > 5
    assert minutes.used.prompt_tokens <= 1.4 * own
    assert {id for one in statements(minutes) for id in one.evidence} <= {one.id for one in document.segments}


async def test_a_segment_longer_than_a_section_is_read_to_its_end(asking: MakeAsking) -> None:
    text = "".join(f"第{number}点我们要说明一下情况。" for number in range(1500))

    async with asking(good, context=4096) as (asked, server):
        minutes = (await written(talk(text), asked)).minutes

    pieces = {line for one in server.asked if is_section(one) for _, _, line in lines_of(one)}
    assert "".join(sorted(pieces, key=_place)) == text
    assert (minutes.coverage.segments, minutes.coverage.covered) == (1, 1)


def _place(text: str) -> int:
    return int(re.findall(r"第(\d+)点", text)[0])


async def test_a_section_that_comes_to_nothing_is_tried_in_halves_and_then_named(asking: MakeAsking) -> None:
    def stumbles(asked: Asked) -> Reply:
        if is_section(asked) and any(text.startswith("第200项") for _, _, text in lines_of(asked)):
            return Reply("我不能处理这个内容。")
        return good(asked)

    document = long_talk(1)
    async with asking(stumbles) as (asked, _):
        made = await written(document, asked)

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
async def test_a_model_that_gives_nothing_at_all_says_why(asking: MakeAsking, reply: Reply, code: str) -> None:
    async with asking(lambda _: reply) as (asked, _):
        with pytest.raises(LanguageModelError) as failed:
            await written(MEETING, asked)

    assert failed.value.code == code


async def test_a_model_that_refuses_every_section_is_not_asked_for_their_halves(asking: MakeAsking) -> None:
    async with asking(lambda _: Reply(refusal="no")) as (asked, server):
        with pytest.raises(LanguageModelError) as refused:
            await written(long_talk(2), asked)
    own = {lines_of(one)[0][0] for one in server.asked}

    assert refused.value.code == "language_model_refused"
    assert len(server.asked) == len(own) > 5


async def test_sections_that_are_too_long_for_the_model_are_halved_though_all_are(asking: MakeAsking) -> None:
    def small(asked: Asked) -> Reply:
        if is_section(asked) and len(lines_of(asked)) > 60:
            return fault(400, "maximum context length is 4096 tokens")
        return good(asked)

    document = long_talk(1)
    async with asking(small) as (asked, _):
        made = await written(document, asked)

    assert (made.warnings, made.minutes.coverage.covered) == ([], len(document.segments))


async def test_where_patience_helps_the_first_busy_section_ends_the_try(asking: MakeAsking) -> None:
    def busy_later(asked: Asked) -> Reply:
        late = is_section(asked) and lines_of(asked)[0][0] > 200
        return fault(503) if late else good(asked)

    async with asking(busy_later) as (asked, _):
        with pytest.raises(LanguageModelError) as busy:
            await written(long_talk(1), asked, patient=True)
        made = await written(long_talk(1), asked)

    assert busy.value.retry
    assert made.warnings[0]["code"] == "minutes_gaps"
    assert made.minutes.coverage.covered > 0


async def test_minutes_without_a_whole_still_have_what_the_sections_say(asking: MakeAsking) -> None:
    async with asking(lambda asked: good(asked) if is_section(asked) else Reply("嗯")) as (asked, _):
        made = await written(MEETING, asked)

    assert [one.text for one in made.minutes.overview] == ["今年的预算定为三百万。", "下周再讨论供应商的事。"]
    assert [warning["code"] for warning in made.warnings] == ["language_model_bad_answer"]


async def test_answers_are_not_paid_for_twice(asking: MakeAsking) -> None:
    class Box:
        def __init__(self) -> None:
            self.kept: dict[str, dict[str, object]] = {}

        async def get(self, key: str) -> dict[str, object] | None:
            return self.kept.get(key)

        async def put(self, key: str, value: dict[str, object]) -> None:
            self.kept[key] = value

    box = Box()
    async with asking(good, shelf=box) as (asked, server):
        first = await written(long_talk(1), asked)
        calls = len(server.asked)
    async with asking(good, shelf=box) as (asked, server):
        second = await written(long_talk(1), asked)

    assert (first.minutes, calls > 2, server.asked) == (second.minutes, True, [])


async def test_a_context_that_holds_nothing_is_named(asking: MakeAsking) -> None:
    async with asking(good, context=1000) as (asked, _):
        with pytest.raises(LanguageModelError) as failed:
            await written(MEETING, asked)

    assert failed.value.code == "language_model_context"


async def test_other_languages_and_templates_are_asked_for(asking: MakeAsking) -> None:
    async with asking(good) as (asked, server):
        made = await summarize(MEETING, BUILT_IN["official"], "en", asked, lambda done, total: None)

    assert made.minutes.language == "en"
    assert all("English" in one.system and "公文" in one.system for one in server.asked)
