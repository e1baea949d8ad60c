import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from backend.transcripts.document import Document
from backend.transcripts.export import export
from backend.transcripts.fonts import INSTALLED, FontMissing, fonts_of
from backend.transcripts.paragraphs import Paragraph
from backend.transcripts.pdf_file import pdf
from backend.transcripts.pdf_layout import break_lines

MARKS = "：！《》——……「」『』【】，。？；“”‘’（）、·～—"
RARE = "囧犇燚堃珺䶮㐂"


def read(file: bytes) -> str:
    """The extracted text without white space, because line ends depend on the layout."""
    return "".join("".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(file)).pages)


def test_a_pdf_has_speakers_times_and_text(document: Document, font: Path) -> None:
    text = read(export(document, "pdf", "周会", fonts=[font]))

    assert text == (
        "周会时长00:00:20发言人100:00:01我们今天讨论预算，大家有意见吗？发言人200:00:05没有意见。"
        "00:00:08–00:00:11[无法识别]发言人100:00:12Python3.11够用了。1/1"
    )


def test_punctuation_and_rare_characters_survive(font: Path) -> None:
    said = f"他说：“{MARKS}”{RARE}。"

    text = read(pdf("", [Paragraph("王", "", said * 3)], "", [font]))

    assert said * 3 in text


def test_the_font_is_embedded_as_a_subset(font: Path) -> None:
    page: Any = PdfReader(io.BytesIO(pdf("周会", [Paragraph("王", "00:00:01", "预算。")], "", [font]))).pages[0]

    fonts = [one.get_object() for one in page["/Resources"]["/Font"].values()]
    embedded = [one for one in fonts if one["/Subtype"] == "/TrueType"]
    assert embedded
    for one in embedded:
        assert "/FontFile2" in one["/FontDescriptor"].get_object()
        assert len(one["/FontDescriptor"]["/FontFile2"].get_object().get_data()) < 20_000


def test_a_character_that_no_font_has_is_a_box_and_can_be_extracted(font: Path) -> None:
    assert "好😀𠮷\U0001f9ff的" in read(pdf("", [Paragraph("", "", "好😀𠮷\U0001f9ff的")], "", [font]))


def test_the_installed_font_precedes_system_fonts(tmp_path: Path) -> None:
    (tmp_path / INSTALLED).parent.mkdir()
    (tmp_path / INSTALLED).touch()

    assert fonts_of(tmp_path, ())[0] == tmp_path / INSTALLED


def test_the_error_for_a_missing_font_says_how_to_install_one(tmp_path: Path) -> None:
    with pytest.raises(FontMissing, match="models fetch --set print"):
        fonts_of(tmp_path, (tmp_path,))


def test_a_very_long_name_stays_on_the_page(font: Path) -> None:
    page = PdfReader(io.BytesIO(pdf("", [Paragraph("名" * 64, "00:00:01", "好。")], "", [font]))).pages[0]
    lines = [line for line in page.extract_text().split("\n") if "名" in line]

    assert sum(line.count("名") for line in lines) == 64
    assert max(line.count("名") for line in lines) <= 50


def test_hours_of_speech_become_many_numbered_pages(font: Path) -> None:
    talk = [Paragraph(f"发言人 {number % 3}", "00:00:01", "我们讨论预算，大家都同意。" * 8) for number in range(60)]

    pages = PdfReader(io.BytesIO(pdf("长会", talk, "", [font]))).pages

    assert len(pages) > 3
    assert pages[-1].extract_text().strip().split("\n")[-1] == f"{len(pages)} / {len(pages)}"


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.one_of(st.sampled_from(list("我们，。！“”（）…—ab c1.5")), st.characters()), max_size=80))
def test_lines_fit_lose_nothing_and_do_not_begin_with_punctuation(text: str) -> None:
    def measure(part: str) -> float:
        return sum(1.0 if ord(letter) > 0x2E80 else 0.5 for letter in part)

    lines = list(break_lines(text, 10.0, measure))

    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(measure(line) <= 10.0 for line in lines)


def test_no_line_begins_with_punctuation() -> None:
    text = "我们今天讨论预算，大家有意见吗？没有！“好的。”他说：（笑）……那就《这样》——吧。"
    for width in range(6, 30):
        lines = list(break_lines(text, float(width), len))
        assert not [line for line in lines if line[0] in "，。？！：”）》…—"], (width, lines)
        assert not [line for line in lines if line[-1] in "“（《"]


@pytest.mark.parametrize(
    "nasty", ["\x00\x07\x1f", "\u202e\u2028", "\ud800", "<b>&amp;</b> (\\) %", "e\u0301\u200d👩‍💻", "9" * 400, ""]
)
def test_any_text_makes_a_pdf_that_opens(font: Path, nasty: str) -> None:
    assert "甲" in read(pdf(nasty, [Paragraph(nasty, "00:00:01", f"甲{nasty}乙")], nasty, [font]))


def test_files_rendered_in_parallel_have_their_own_fonts(font: Path) -> None:
    texts = [chr(0x4E00 + number) * 5 for number in range(12)]

    with ThreadPoolExecutor(4) as pool:
        files = list(pool.map(lambda text: pdf("", [Paragraph("", "", text)], "", [font]), texts))

    assert [read(file) for file in files] == [f"{text}1/1" for text in texts]
