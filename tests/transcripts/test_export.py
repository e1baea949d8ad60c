import csv
import io
import json
import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.speech.types import Segment
from backend.transcripts.document import Document, Speaker, document_from_json, document_to_json, rename_speaker
from backend.transcripts.export import clock, content_disposition, content_type, file_name
from backend.transcripts.export import export as export_bytes
from backend.transcripts.export_style import ExportStyle
from backend.transcripts.script import Script

SILENCE = Document(20.0, (), ())
TEXTS = ("txt", "srt", "vtt", "md", "json", "csv")


def export(document: Document, format: str, title: str, style: ExportStyle | None = None) -> str:
    return export_bytes(document, format, title, style).decode()


nasty = st.text(
    alphabet=st.one_of(
        st.sampled_from(list("<>&*_`#[]()!|~-+=\\.:/@$^{}'\"\n\r\t 1a我，。")),
        st.sampled_from(["\u2028", "\x85", "\u202e"]),
        st.characters(codec="utf-8"),
    ),
    max_size=60,
)


def one(text: str, name: str = "王") -> Document:
    return Document(20.0, (Speaker("S1", name),), (Segment("p1", 1.0, 9.0, text, speaker="S1"),))


def test_txt_has_speakers_times_and_text(document: Document) -> None:
    assert export(document, "txt", "周会") == (
        "周会\n\n"
        "发言人 1  00:00:01\n我们今天讨论预算，大家有意见吗？\n\n"
        "发言人 2  00:00:05\n没有意见。\n\n"
        "00:00:08–00:00:11\n[无法识别]\n\n"
        "发言人 1  00:00:12\nPython 3.11够用了。\n"
    )


def test_txt_without_times_and_speakers_is_only_text(document: Document) -> None:
    plain = export(document, "txt", "", ExportStyle(times=False, speakers=False))

    assert plain == "我们今天讨论预算，大家有意见吗？\n\n没有意见。\n\n[无法识别]\n\nPython 3.11够用了。\n"


def test_markdown_has_speakers_times_and_text(document: Document) -> None:
    assert export(document, "md", "周会 #1").split("\n\n") == [
        "# 周会 \\#1",
        "**发言人 1** 00:00:01",
        "我们今天讨论预算，大家有意见吗？",
        "**发言人 2** 00:00:05",
        "没有意见。",
        "00:00:08–00:00:11",
        "\\[无法识别\\]",
        "**发言人 1** 00:00:12",
        "Python 3.11够用了。\n",
    ]


@pytest.mark.parametrize("format", TEXTS)
def test_a_renamed_speaker_is_renamed_in_every_format(document: Document, format: str) -> None:
    exported = export(rename_speaker(document, "S1", "王小明"), format, "周会")

    assert "王小明" in exported
    assert "发言人 1" not in exported


@pytest.mark.parametrize("format", ["txt", "md", "json"])
def test_punctuation_survives(format: str) -> None:
    text = "他说：“《红楼梦》——真好！……（笑）”；是吧？"

    assert text in export(one(text), format, "x")


@pytest.mark.parametrize("format", ["txt", "vtt", "md", "json", "csv"])
def test_a_silent_recording_says_so(format: str) -> None:
    assert "没有检测到语音" in export(SILENCE, format, "周会")


def test_silent_subtitles_are_valid_and_empty() -> None:
    assert export(SILENCE, "srt", "周会") == ""
    assert export(SILENCE, "vtt", "周会") == "WEBVTT\n\nNOTE 没有检测到语音\n"


def test_speakers_are_left_out_where_none_is_known() -> None:
    nobody = Document(20.0, (), (Segment("p1", 1.0, 2.0, "你好。"),))

    assert all("发言人" not in export(nobody, format, "周会") for format in TEXTS)


def test_json_is_the_document_with_its_title(document: Document) -> None:
    exported = json.loads(export(document, "json", "周会"))

    assert exported["title"] == "周会"
    assert document_to_json(document_from_json(exported)) == document_to_json(document)


def test_an_unknown_format_raises_an_error_with_its_name() -> None:
    with pytest.raises(ValueError, match="odt"):
        export(SILENCE, "odt", "周会")


@given(nasty, nasty)
def test_no_text_or_name_becomes_markup_in_markdown(text: str, name: str) -> None:
    exported = export(one(text, name), "md", text)

    unescaped = re.sub(r"\\[!-/:-@\[-`{-~]", "", exported)
    heading = re.sub(r"(?m)^# |^\*\*|\*\* 00:00:01$|\*\*$", "", unescaped)
    assert not re.search(r"[<>&*_`#\[\]()!|~+=\\@$^{}-]", heading)
    assert not re.search(r"(?m)^\d+\.(\s|$)|https?:|www\.| {4}|\t", heading)


@given(nasty, nasty)
def test_spoken_text_adds_no_lines_to_txt(text: str, name: str) -> None:
    exported = export(one(text, name), "txt", name)

    assert len(exported.splitlines()) <= 5
    assert not any(unicodedata.category(character) in ("Zl", "Zp") for character in exported)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("2026年 周会.m4a", "2026年 周会.txt"),
        ("版本 v1.2", "版本 v1.2.txt"),
        ("../../etc/passwd", "etc passwd.txt"),
        ("a\r\nb\x00\u202ec", "a b c.txt"),
        ('<"|?*>', "transcript.txt"),
        ("CON.wav", "transcript CON.txt"),
        ("", "transcript.txt"),
        ("会" * 300, "会" * 60 + ".txt"),
    ],
)
def test_file_names_are_valid_on_every_system(title: str, expected: str) -> None:
    assert file_name(title, "txt") == expected


@given(nasty)
def test_a_file_name_is_never_a_path_and_fits_a_header(title: str) -> None:
    name = file_name(title, "srt")

    assert not re.search(r'[/\\\x00-\x1f<>:"|?*]', name)
    assert not name.startswith(".")
    assert len(name.encode()) <= 255
    assert re.fullmatch(
        r"attachment; filename=\"[A-Za-z0-9._ -]+\"; filename\*=UTF-8''[A-Za-z0-9._~%-]+", content_disposition(name)
    )


def test_a_chinese_name_is_encoded_as_in_rfc_6266() -> None:
    assert content_disposition("周会.txt") == (
        "attachment; filename=\"transcript.txt\"; filename*=UTF-8''%E5%91%A8%E4%BC%9A.txt"
    )
    assert 'filename="v2 _.txt"' in content_disposition("v2 周会.txt")


def test_content_types() -> None:
    assert content_type("vtt") == "text/vtt; charset=utf-8"
    assert all("charset=utf-8" in content_type(format) for format in TEXTS)
    assert content_type("pdf") == "application/pdf"


def test_a_clock_has_hours() -> None:
    assert [clock(seconds) for seconds in (0, 59.999, 3661, 43200.5)] == [
        "00:00:00",
        "00:00:59",
        "01:01:01",
        "12:00:00",
    ]


def test_a_failed_segment_with_edited_text_is_exported_as_text(document: Document) -> None:
    filled = replace(document.segments[2], text="补上的话。", source="edited")

    exported = export(replace(document, segments=(filled,)), "txt", "")

    assert exported == "未知发言人  00:00:08\n补上的话。\n"


def rows(exported: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(exported.removeprefix("\ufeff"))))


def test_csv_has_speakers_times_and_text(document: Document) -> None:
    exported = export(document, "csv", "周会")

    assert exported.startswith("\ufeff")  # Excel reads a file without it in another encoding
    assert rows(exported) == [
        ["开始", "结束", "发言人", "文字"],
        ["00:00:01.000", "00:00:04.500", "发言人 1", "我们今天讨论预算，大家有意见吗？"],
        ["00:00:05.000", "00:00:06.000", "发言人 2", "没有意见。"],
        ["00:00:08.000", "00:00:11.000", "", "[无法识别]"],
        ["00:00:12.000", "00:00:13.250", "发言人 1", "Python 3.11够用了。"],
    ]


def test_times_of_a_csv_are_rounded_as_a_whole() -> None:
    segment = Segment("p1", 59.9996, 3599.9999, "好。")

    assert rows(export(Document(4000.0, (), (segment,)), "csv", "x"))[1][:2] == ["00:01:00.000", "01:00:00.000"]


def test_csv_leaves_out_unwanted_columns(document: Document) -> None:
    exported = export(document, "csv", "周会", ExportStyle(times=False, speakers=False, bom=False))

    assert exported.startswith("文字\r\n")
    assert {len(row) for row in rows(exported)} == {1}


@given(nasty, nasty)
def test_no_cell_of_a_csv_is_a_formula(text: str, name: str) -> None:
    found = rows(export(one(f"={text}", f"@{name}"), "csv", "x"))

    assert {len(row) for row in found} == {4}
    assert all(
        cell[:1] not in ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠") for row in found for cell in row
    )


def test_without_punctuation_words_stay_apart_and_numbers_whole(document: Document) -> None:
    exported = export(document, "txt", "", ExportStyle(times=False, speakers=False, punctuation=False))

    assert exported == "我们今天讨论预算 大家有意见吗\n\n没有意见\n\n[无法识别]\n\nPython 3.11够用了\n"


@pytest.mark.parametrize("format", TEXTS)
def test_text_is_converted_to_traditional_characters_but_names_are_not(document: Document, format: str) -> None:
    named = rename_speaker(document, "S1", "于发")

    exported = export(named, format, "周会", ExportStyle(script=Script.TRADITIONAL))

    assert "討論預算" in exported
    assert "讨论" not in exported
    assert "于发" in exported
