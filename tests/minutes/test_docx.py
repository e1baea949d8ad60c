import io
import re
import zipfile
from datetime import date, datetime, timezone
from typing import Any

import pytest
from docx import Document as open_document
from docx.oxml.ns import qn

from backend.minutes.render import MinutesFile, render
from backend.minutes.schema import Meeting, MinutesContent
from backend.minutes.templates import BUILT_IN, Template
from backend.transcripts.file_properties import FileProperties
from tests.minutes.test_markdown import DOCUMENT, MINUTES

PROPERTIES = FileProperties("李经理", datetime(2026, 11, 28, 3, 0, tzinfo=timezone.utc), date(2026, 11, 28))
TEMPLATE = Template("x", "x", "", ("actions", "decisions", "questions", "overview"))


def file_of(minutes: MinutesContent = MINUTES, template: Template = TEMPLATE, **others: Any) -> MinutesFile:
    content = minutes.model_dump(mode="json")
    return MinutesFile(content, {"number": 1, "transcript": 1}, DOCUMENT, "录音", False, template, **others)


def texts(minutes: MinutesContent = MINUTES, template: Template = TEMPLATE, **others: Any) -> list[str]:
    word = open_document(io.BytesIO(render(file_of(minutes, template, **others), "docx")))
    return [paragraph.text for paragraph in word.paragraphs]


def test_parts_are_in_the_order_of_the_template() -> None:
    word = open_document(io.BytesIO(render(file_of(properties=PROPERTIES), "docx")))

    assert [paragraph.text for paragraph in word.paragraphs] == [
        "周会",
        "时间：2026年11月28日",
        "参会人：张三",
        "待办事项",
        "☐ 张三 · 周五 发方案 00:00:05",
        "决议",
        "通过 ⟨存疑⟩ 00:00:00",
        "概要",
        "预算*三百万* 00:00:00",
        "覆盖 1 / 2 段",
    ]
    assert [one.style.name for one in word.paragraphs[3:5]] == ["Heading 1", "List Bullet"]


def test_what_a_person_entered_about_the_meeting_stands_below_the_title() -> None:
    entered = {
        "held": "2026-11-27T14:30",
        "place": "二楼会议室",
        "attendees": ["张三", "李四"],
        "next_held": "2026-12-04T10:00",
        "next_place": "线上",
        "attachments": [{"name": "方案", "url": "https://example.com/a"}],
    }
    meeting = Meeting.model_validate(entered)

    written = texts(MINUTES.model_copy(update={"meeting": meeting}), properties=PROPERTIES)

    assert written[1:6] == [
        "时间：2026年11月27日 14:30",
        "地点：二楼会议室",
        "参会人：张三、李四",
        "下次会议：2026年12月4日 10:00、线上",
        "附件：方案 https://example.com/a",
    ]


def test_a_task_shows_that_it_is_done_and_the_day_that_was_chosen() -> None:
    task = MINUTES.actions[0].model_copy(update={"done": True, "due": date(2026, 12, 4)})

    assert "☑ 张三 · 2026-12-04 发方案 00:00:05" in texts(MINUTES.model_copy(update={"actions": [task]}))


@pytest.mark.parametrize(
    ("language", "tag", "font"),
    [("zh", "zh-CN", "宋体"), ("ja", "ja-JP", "MS Mincho"), ("en", "zh-CN", "宋体")],
)
def test_a_page_is_a4_in_the_language_of_the_minutes(language: str, tag: str, font: str) -> None:
    data = render(file_of(MINUTES.model_copy(update={"language": language}), properties=PROPERTIES), "docx")

    word = open_document(io.BytesIO(data))
    section = word.sections[0]
    assert (section.page_width.twips, section.page_height.twips) == (11906, 16838)
    [lang] = word.styles.element.iter(qn("w:lang"))
    theme = word.settings.element.find(qn("w:themeFontLang"))
    assert (lang.get(qn("w:eastAsia")), theme.get(qn("w:eastAsia"))) == (tag, tag)
    assert word.styles["Normal"].element.rPr.rFonts.get(qn("w:eastAsia")) == font


def test_the_properties_are_those_of_the_minutes() -> None:
    core = open_document(io.BytesIO(render(file_of(properties=PROPERTIES), "docx"))).core_properties

    assert (core.title, core.author, core.language) == ("周会", "李经理", "zh-CN")
    assert core.created == core.modified == PROPERTIES.created
    assert core.comments == ""


def test_chinese_has_its_own_fonts_and_nothing_is_external() -> None:
    data = render(file_of(), "docx")

    word = open_document(io.BytesIO(data))
    for name, font in (("Normal", "宋体"), ("Title", "等线"), ("Heading 1", "等线")):
        fonts = word.styles[name].element.rPr.rFonts
        assert (fonts.get(qn("w:eastAsia")), fonts.get(qn("w:eastAsiaTheme"))) == (font, None)
    runs = [run for paragraph in word.paragraphs for run in paragraph.runs if "预算" in run.text]
    assert [run._r.rPr.rFonts.get(qn("w:hint")) for run in runs] == ["eastAsia"]
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        relations = [parts.read(name).decode() for name in parts.namelist() if name.endswith(".rels")]
        assert "SimSun" in parts.read("word/fontTable.xml").decode()
    assert not any(re.search('TargetMode="External"', one) for one in relations)


def test_every_built_in_template_can_be_written() -> None:
    for template in BUILT_IN.values():
        assert "概要" in texts(template=template)


def test_characters_invalid_in_xml_are_left_out() -> None:
    said = MINUTES.decisions[0].model_copy(update={"text": "通\x00过\uffff了\ufffe"})
    minutes = MINUTES.model_copy(update={"title": "录\x0b音", "decisions": [said]})

    written = texts(minutes)

    assert written[0] == "录音"
    assert "通过了 ⟨存疑⟩ 00:00:00" in written
