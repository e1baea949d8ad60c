import io
import re
from zipfile import ZipFile

from docx import Document as open_document
from docx.oxml.ns import qn
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.transcripts.document import Document
from backend.transcripts.docx_file import docx
from backend.transcripts.export import export
from backend.transcripts.export_style import ExportStyle
from backend.transcripts.paragraphs import Paragraph


def paragraphs_of(file: bytes) -> list[tuple[str, str]]:
    return [(one.style.name, one.text) for one in open_document(io.BytesIO(file)).paragraphs]


def test_a_document_has_a_title_a_heading_for_each_turn_and_its_words(document: Document) -> None:
    assert paragraphs_of(export(document, "docx", "周会")) == [
        ("Title", "周会"),
        ("Normal", "时长 00:00:20"),
        ("Heading 2", "发言人 1  00:00:01"),
        ("Normal", "我们今天讨论预算，大家有意见吗？"),
        ("Heading 2", "发言人 2  00:00:05"),
        ("Normal", "没有意见。"),
        ("Heading 2", "00:00:08–00:00:11"),
        ("Normal", "[无法识别]"),
        ("Heading 2", "发言人 1  00:00:12"),
        ("Normal", "Python 3.11够用了。"),
    ]


def test_without_times_and_speakers_there_is_only_text(document: Document) -> None:
    plain = paragraphs_of(export(document, "docx", "", ExportStyle(times=False, speakers=False)))

    assert {style for style, _ in plain} == {"Normal"}
    assert plain[0][1] == "我们今天讨论预算，大家有意见吗？"


def test_chinese_has_its_own_font(document: Document) -> None:
    styles = open_document(io.BytesIO(export(document, "docx", "周会"))).styles

    for name in ("Normal", "Title", "Heading 2"):
        fonts = styles[name].element.rPr.rFonts
        assert fonts.get(qn("w:eastAsia")) == ("宋体" if name == "Normal" else "等线")
        assert fonts.get(qn("w:eastAsiaTheme")) is None


def test_spoken_text_never_becomes_markup() -> None:
    said = (
        "</w:t><w:hyperlink r:id='x'/> &lt;b&gt; <script>alert(1)</script> \x00\x08\ud800 =HYPERLINK(\"http://evil\")"
    )

    file = docx(said, [Paragraph(said, "00:00:01", said)], "")

    texts = [text for _, text in paragraphs_of(file)]
    assert all("<script>alert(1)</script>" in text for text in texts)
    with ZipFile(io.BytesIO(file)) as parts:
        relations = [parts.read(name).decode() for name in parts.namelist() if name.endswith(".rels")]
    assert not any('TargetMode="External"' in relation for relation in relations)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_makes_a_document_that_opens(text: str, name: str) -> None:
    (*_, last) = paragraphs_of(docx("x", [Paragraph(name, "", f"甲{text}")], ""))

    assert last[1].startswith("甲")
    assert not re.search("[\ud800-\udfff]", last[1])
