import io
from pathlib import Path
from typing import Any

from pypdf import PdfReader

from backend.minutes.render import render
from tests.minutes.test_docx import PROPERTIES, file_of


def test_a_pdf_of_minutes_has_title_author_date_language_and_outline(font: Path) -> None:
    reader = PdfReader(io.BytesIO(render(file_of(properties=PROPERTIES), "pdf", [font])))

    facts: Any = reader.metadata
    assert (facts.title, facts.author) == ("周会", "李经理")
    assert facts.creation_date == PROPERTIES.created
    assert reader.trailer["/Root"]["/Lang"] == "zh-CN"
    assert [one.title for one in reader.outline] == ["待办事项", "决议", "概要"]
    assert "□张三·周五发方案00:00:05" in "".join(reader.pages[0].extract_text().split())


def test_a_pdf_names_its_headings_paragraphs_and_list_items(font: Path) -> None:
    reader = PdfReader(io.BytesIO(render(file_of(properties=PROPERTIES), "pdf", [font])))

    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    elements = root["/StructTreeRoot"]["/K"]["/K"]
    found = " ".join(one.get_object()["/S"] for one in elements)
    assert found == "/H1 /P /P /H2 /LI /H2 /LI /H2 /LI /P"
    page: Any = reader.pages[0]
    owners = root["/StructTreeRoot"]["/ParentTree"]["/Nums"][1]
    content = page.get_contents().get_data()
    assert content.count(b"BDC") == len(owners)
    assert content.count(b"BDC") + content.count(b"BMC") == content.count(b"EMC")
    for number, owner in enumerate(owners):
        pieces = [one.get_object() for one in owner.get_object()["/K"]]
        assert [piece["/MCID"] for piece in pieces if piece["/MCID"] == number] == [number]
        assert all(piece["/Pg"] == page for piece in pieces)
