from backend.minutes.markdown import markdown
from backend.minutes.schema import Action, Coverage, LanguageModelUsage, MinutesContent, SpeakerNote, Statement, Topic
from backend.minutes.templates import BUILT_IN, Template
from tests.minutes.conftest import talk

DOCUMENT = talk("预算定为三百万。", "周五前发方案。")
SAID = Statement(text="预算*三百万*", evidence=["p0"])
MINUTES = MinutesContent(
    language="zh",
    title="周会",
    headline=SAID,
    overview=[SAID],
    topics=[Topic(title="预算", start=0.0, end=9.0, evidence=["p0"], points=[SAID])],
    decisions=[Statement(text="通过", evidence=["p0"], doubtful=True)],
    actions=[Action(text="发方案", evidence=["p1"], who="张三", when="周五")],
    questions=[],
    speakers=[SpeakerNote(text="要快", evidence=["p1"], speaker="S1", name="张三")],
    keywords=["预算"],
    coverage=Coverage(segments=2, covered=1, sections=[]),
    dropped=0,
    used=LanguageModelUsage(calls=2, prompt_tokens=10, completion_tokens=5),
)


def test_parts_are_in_the_order_of_the_template_with_times() -> None:
    template = Template("x", "x", "", ("actions", "decisions", "questions", "overview"))

    assert markdown(MINUTES, DOCUMENT, template, "录音", stale=True) == (
        "# 周会\n\n> 依据的文稿之后有改动，本纪要可能已经过时。\n\n"
        "## 待办事项\n\n- [ ] **张三 · 周五** 发方案 *00:00:05*\n\n"
        "## 决议\n\n- 通过 ⟨存疑⟩ *00:00:00*\n\n"
        "## 概要\n\n- 预算\\*三百万\\* *00:00:00*\n\n"
        "> 覆盖 1 / 2 段\n"
    )


def test_every_built_in_template_can_be_written_in_two_languages() -> None:
    english = MINUTES.model_copy(update={"language": "en", "title": ""})

    for template in BUILT_IN.values():
        assert "## 概要" in markdown(MINUTES, DOCUMENT, template, "录音")
        assert "## Overview" in markdown(english, DOCUMENT, template, "a_b")
    assert markdown(english, DOCUMENT, BUILT_IN["bluf"], "a_b").startswith("# a\\_b")
