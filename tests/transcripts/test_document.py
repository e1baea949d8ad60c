import json
from dataclasses import replace

import pytest
from hypothesis import given

from backend.speech.merge import merge
from backend.speech.types import Diarization, Segment, Sentence
from backend.transcripts.document import (
    Document,
    Speaker,
    clean_name,
    document_from_json,
    document_to_json,
    from_merged,
    plain_text,
    rename_speaker,
)
from tests.speech.talk import diarizations, sentences


@given(sentences(), diarizations())
def test_a_document_survives_json(talk: list[Sentence], diarization: Diarization) -> None:
    document = from_merged(merge(talk, diarization), duration=100.0, engines={"b": "x", "a": "y"})

    stored = json.dumps(document_to_json(document))
    again = document_from_json(json.loads(stored))

    assert json.dumps(document_to_json(again)) == stored
    assert [segment.text for segment in again.segments] == [segment.text for segment in document.segments]


def test_the_speakers_of_a_merged_document_are_those_of_its_segments(document: Document) -> None:
    assert document.speakers == (Speaker("S1"), Speaker("S2"))
    assert [segment.speaker for segment in document.segments] == ["S1", "S2", None, "S1"]
    assert document.engines == (("diarize", "scripted-diarizer"), ("transcribe", "scripted"))


def test_a_renamed_speaker_is_renamed_everywhere_and_keeps_the_id(document: Document) -> None:
    renamed = rename_speaker(document, "S1", "王小明")

    assert [renamed.speaker_name(segment.speaker) for segment in renamed.segments] == [
        "王小明",
        "发言人 2",
        "未知发言人",
        "王小明",
    ]
    assert renamed.segments == document.segments


def test_an_empty_name_removes_the_name(document: Document) -> None:
    assert rename_speaker(rename_speaker(document, "S2", "李"), "S2", " ") == document


def test_an_unknown_speaker_cannot_be_renamed(document: Document) -> None:
    with pytest.raises(KeyError):
        rename_speaker(document, "S9", "王")


def test_a_name_is_one_visible_line() -> None:
    assert clean_name(" 王\r\n小\u202e明\x00 ") == "王 小明"
    assert clean_name("\u200f") is None
    assert clean_name(None) is None


def test_plain_text_is_one_line_for_each_segment() -> None:
    segments = (Segment("p1", 0, 1, "你好。"), Segment("p2", 1, 2, "", error="x"), Segment("p3", 2, 3, "再见。"))

    assert plain_text(Document(3.0, (), segments)) == "你好。\n再见。"


def test_a_segment_that_is_unsure_says_so_and_others_are_stored_as_before() -> None:
    sure = Segment("p1", 0.0, 1.0, "好的。")
    document = Document(2.0, (), (sure, replace(sure, id="p2", unsure=True)))

    stored = document_to_json(document)

    assert [False, True] == ["unsure" in segment for segment in stored["segments"]]
    assert document == document_from_json(stored)
