from backend.minutes.markdown import html, markdown, plain
from backend.minutes.outline import entries
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

    assert markdown(entries(MINUTES, DOCUMENT, template, "录音", stale=True)) == (
        "# 周会\n\n- **参会人** 张三\n\n> 依据的文稿之后有改动，本纪要可能已经过时。\n\n"
        "## 待办事项\n\n- [ ] **张三 · 周五** 发方案 *00:00:05*\n\n"
        "## 决议\n\n- 通过 ⟨存疑⟩ *00:00:00*\n\n"
        "## 概要\n\n- 预算\\*三百万\\* *00:00:00*\n\n"
        "> 覆盖 1 / 2 段\n"
    )


def test_every_built_in_template_can_be_written_in_two_languages() -> None:
    english = MINUTES.model_copy(update={"language": "en", "title": ""})

    for template in BUILT_IN.values():
        assert "## 概要" in markdown(entries(MINUTES, DOCUMENT, template, "录音"))
        assert "## Overview" in markdown(entries(english, DOCUMENT, template, "a_b"))
    assert markdown(entries(english, DOCUMENT, BUILT_IN["bluf"], "a_b")).startswith("# a\\_b")


def test_plain_text_and_html_have_the_same_statements() -> None:
    said = MINUTES.decisions[0].model_copy(update={"text": "<b>通过</b>"})
    task = MINUTES.actions[0].model_copy(update={"done": True})
    minutes = MINUTES.model_copy(update={"decisions": [said], "actions": [task]})
    template = Template("x", "x", "", ("actions", "decisions", "topics"))

    assert plain(entries(minutes, DOCUMENT, template, "")) == (
        "周会\n参会人： 张三\n\n待办事项\n☑ 张三 · 周五 发方案 (00:00:05)\n\n决议\n• <b>通过</b> ⟨存疑⟩ (00:00:00)\n\n"
        "议题\n• 预算 00:00:00–00:00:09\n  - 预算*三百万* (00:00:00)\n\n覆盖 1 / 2 段\n"
    )
    written = html(entries(minutes, DOCUMENT, template, ""))
    assert "<li>☑ <strong>张三 · 周五</strong> 发方案 <em>00:00:05</em></li>" in written
    assert "<li>&lt;b&gt;通过&lt;/b&gt; ⟨存疑⟩ <em>00:00:00</em></li></ul><h2>议题</h2>" in written
