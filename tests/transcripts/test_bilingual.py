import csv
import io
import json
from dataclasses import replace

import pytest
from docx import Document as open_document
from hypothesis import given
from hypothesis import strategies as st

from backend.speech.types import Segment
from backend.transcripts.bilingual import Layout, split_proportionally, with_translation
from backend.transcripts.document import Document, Speaker, document_from_json, document_to_json
from backend.transcripts.export import export

LONG = "我们今天先看预算，再看下个月的发布计划，最后每个人说一下自己手上的事情有没有风险，没有就散会。"
LONG_EN = (
    "Today we look at the budget first, then at next month's release plan, and finally everybody says whether "
    "what they are working on is at risk; if not, we are done."
)
MEETING = Document(
    duration=30.0,
    speakers=(Speaker("S1", "王芳"),),
    segments=(
        Segment("a", 0.0, 2.0, "大家好。", speaker="S1"),
        Segment("b", 3.0, 18.0, LONG, speaker="S1"),
        Segment("c", 20.0, 22.0, "散会。", speaker="S1"),
    ),
)
TRANSLATIONS = {"a": "Hello everyone.", "b": LONG_EN}


def exported(format: str, layout: Layout = Layout.BILINGUAL) -> bytes:
    return export(with_translation(MEETING, TRANSLATIONS, layout), format, "周会")


def test_each_subtitle_shows_its_own_part_of_the_translation() -> None:
    blocks = exported("srt").decode().strip().split("\n\n")
    shown = [block.splitlines()[2:] for block in blocks]

    assert shown[0] == ["王芳：大家好。", "Hello everyone."]
    assert shown[-1] == ["散会。"]
    assert len(shown) > 4  # the long segment is several cues
    english = [line for lines in shown[1:-1] for line in lines if line.isascii()]
    assert " ".join(english) == LONG_EN
    assert all(any(line.isascii() for line in lines) for lines in shown[1:-1])


def test_no_line_of_a_subtitle_is_wider_than_a_screen() -> None:
    assert max(len(line) for line in exported("srt").decode().splitlines() if line.isascii()) <= 48


def test_documents_have_the_translation_below_the_text() -> None:
    paragraphs = [one.text for one in open_document(io.BytesIO(exported("docx"))).paragraphs]
    assert paragraphs[paragraphs.index("大家好。") + 1] == "Hello everyone."
    assert f"大家好。\nHello everyone.\n\n王芳  00:00:03\n{LONG}\n{LONG_EN}\n\n" in exported("txt").decode()
    assert "大家好。\n\nHello everyone\\.\n" in exported("md").decode()


def test_a_table_has_a_column_for_the_translation() -> None:
    rows = list(csv.reader(io.StringIO(exported("csv").decode("utf-8-sig"))))
    assert [row[-1] for row in rows] == ["译文", "Hello everyone.", LONG_EN, ""]
    plain = list(csv.reader(io.StringIO(export(MEETING, "csv", "周会").decode("utf-8-sig"))))
    assert plain[0] == ["开始", "结束", "发言人", "文字"]


def test_json_names_the_translation_of_each_segment() -> None:
    segments = json.loads(exported("json"))["segments"]
    assert [one.get("translation") for one in segments] == ["Hello everyone.", LONG_EN, None]


def test_a_translation_alone_takes_the_place_of_the_text_and_loses_no_segment() -> None:
    text = exported("txt", Layout.TRANSLATION).decode()
    assert "大家好" not in text
    assert "Hello everyone." in text
    assert "散会。" in text  # it was not translated


def test_a_document_keeps_its_translations_on_the_way_to_the_renderer() -> None:
    document = with_translation(MEETING, TRANSLATIONS, Layout.BILINGUAL)
    assert document_from_json(document_to_json(document)) == document


@pytest.mark.parametrize("format", ["srt", "vtt"])
def test_subtitles_without_punctuation_keep_the_translation(format: str) -> None:
    from backend.transcripts.export_style import ExportStyle

    document = with_translation(MEETING, TRANSLATIONS, Layout.BILINGUAL)
    assert "Hello everyone." in export(document, format, "", ExportStyle(punctuation=False)).decode()


def test_a_segment_without_text_has_no_cue_and_breaks_nothing() -> None:
    silent = replace(MEETING, segments=(Segment("x", 0.0, 1.0, "", translation="Hello"),))
    assert export(silent, "srt", "").decode() == ""


def test_parts_end_after_punctuation_near_their_place() -> None:
    assert split_proportionally("One two, three four five six.", [1, 2]) == ["One two,", "three four five six."]
    assert split_proportionally("今天先看预算，再看发布计划。", [1, 1]) == ["今天先看预算，", "再看发布计划。"]


@given(
    st.text("ab 。,，我们.", max_size=60), st.lists(st.floats(0.0, 9.0, allow_nan=False), min_size=1, max_size=6)
)  # fmt: skip
def test_no_character_is_lost_or_moved(text: str, weights: list[float]) -> None:
    parts = split_proportionally(text, weights)
    assert len(parts) == len(weights)
    assert "".join("".join(parts).split()) == "".join(text.split())
