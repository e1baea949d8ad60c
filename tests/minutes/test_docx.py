import io
import re
import zipfile

from docx import Document as open_document
from docx.oxml.ns import qn

from backend.minutes.docx import docx
from backend.minutes.templates import BUILT_IN, Template
from tests.minutes.test_markdown import DOCUMENT, MINUTES


def test_parts_are_in_the_order_of_the_template() -> None:
    template = Template("x", "x", "", ("actions", "decisions", "questions", "overview"))

    word = open_document(io.BytesIO(docx(MINUTES, DOCUMENT, template, "录音", stale=True)))

    assert [paragraph.text for paragraph in word.paragraphs] == [
        "周会",
        "依据的文稿之后有改动，本纪要可能已经过时。",
        "待办事项",
        "☐ 张三 · 周五 发方案 00:00:05",
        "决议",
        "通过 ⟨存疑⟩ 00:00:00",
        "概要",
        "预算*三百万* 00:00:00",
        "覆盖 1 / 2 段",
    ]
    assert [one.style.name for one in word.paragraphs[2:4]] == ["Heading 1", "List Bullet"]


def test_chinese_has_its_own_font_and_nothing_is_external() -> None:
    data = docx(MINUTES, DOCUMENT, BUILT_IN["bluf"], "录音")

    word = open_document(io.BytesIO(data))
    for name in ("Normal", "Title", "Heading 1"):
        assert word.styles[name].element.rPr.rFonts.get(qn("w:eastAsia")) == "Microsoft YaHei"
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        relations = [parts.read(name).decode() for name in parts.namelist() if name.endswith(".rels")]
    assert not any(re.search('TargetMode="External"', one) for one in relations)


def test_every_built_in_template_can_be_written() -> None:
    for template in BUILT_IN.values():
        word = open_document(io.BytesIO(docx(MINUTES, DOCUMENT, template, "录音")))
        assert "概要" in [paragraph.text for paragraph in word.paragraphs]


def test_characters_invalid_in_xml_are_left_out() -> None:
    said = MINUTES.decisions[0].model_copy(update={"text": "通\x00过\uffff了\ufffe\ud800"})
    minutes = MINUTES.model_copy(update={"title": "", "decisions": [said]})

    word = open_document(io.BytesIO(docx(minutes, DOCUMENT, BUILT_IN["bluf"], "录\x0b音")))

    texts = [paragraph.text for paragraph in word.paragraphs]
    assert texts[0] == "录音"
    assert "通过了 ⟨存疑⟩ 00:00:00" in texts
