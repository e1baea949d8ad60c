import re
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from backend.speech.merge import merge
from backend.speech.text import spoken_characters
from backend.speech.types import Diarization, Segment, Sentence
from backend.transcripts.document import Document, Speaker, from_merged
from backend.transcripts.export import export as export_bytes
from backend.transcripts.export_style import ExportStyle
from backend.transcripts.script import Script
from backend.transcripts.subtitles import MAX_LINE_WIDTH, MAX_SECONDS, Cue, _width, cues
from tests.speech.talk import diarizations, said, sentences, spoken

TIME = re.compile(r"(\d\d):(\d\d):(\d\d)[.,](\d\d\d) --> (\d\d):(\d\d):(\d\d)[.,](\d\d\d)")

#: What a browser takes for the beginning of a cue's text, and a line of it.
_VTT_LINE = re.compile(r"(<v (?:[^<>&]|&(?:amp|lt|gt);)+>)?(?:[^<>&]|&(?:amp|lt|gt);)*")


def export(document: Document, format: str, title: str, style: ExportStyle | None = None) -> str:
    return export_bytes(document, format, title, style).decode()


def document_of(talk: list[Sentence], diarization: Diarization | None = None) -> Document:
    return from_merged(merge(talk, diarization or Diarization()), duration=500.0, engines={})


def cues_of(document: Document, *, named: bool = False) -> list[Cue]:
    return cues(document, named=named, unrecognised="[无法识别]")


def edited_document(text: str, name: str = "王") -> Document:
    return Document(20.0, (Speaker("S1", name),), (Segment("p1", 0.0, 8.0, text, speaker="S1", source="edited"),))


def seconds(found: tuple[str, ...]) -> tuple[float, float]:
    numbers = [int(part) for part in found]
    start, end = numbers[:4], numbers[4:]
    return (
        start[0] * 3600 + start[1] * 60 + start[2] + start[3] / 1000,
        end[0] * 3600 + end[1] * 60 + end[2] + end[3] / 1000,
    )


@given(sentences(), diarizations())
def test_no_character_is_lost_and_no_line_too_long(talk: list[Sentence], diarization: Diarization) -> None:
    document = document_of(talk, diarization)

    found = [cue for cue in cues_of(document) if cue.lines != ("[无法识别]",)]

    heard = spoken_characters("".join(segment.text for segment in document.segments))
    assert spoken_characters("".join(line for cue in found for line in cue.lines)) == heard
    for cue in found:
        assert 1 <= len(cue.lines) <= 2
        assert all(0 < _width(line) <= MAX_LINE_WIDTH for line in cue.lines)
        assert 0 < cue.end - cue.start <= MAX_SECONDS + 0.01


@given(sentences(tidy=True), diarizations())
def test_no_line_begins_with_punctuation(talk: list[Sentence], diarization: Diarization) -> None:
    lines = [line for cue in cues_of(document_of(talk, diarization)) for line in cue.lines]

    assert not [line for line in lines if line[0] in "，。？！、；：…”’）》,.?!;:)" and spoken_characters(line)]


@given(sentences(), diarizations())
def test_times_in_files_increase(talk: list[Sentence], diarization: Diarization) -> None:
    document = document_of(talk, diarization)

    for format in ("srt", "vtt"):
        times = [seconds(found) for found in TIME.findall(export(document, format, ""))]
        assert len(times) == len(cues_of(document, named=format == "srt"))
        assert all(start < end for start, end in times)
        assert all(one[0] <= other[0] for one, other in pairwise(times))


def test_cues_take_their_times_from_the_words() -> None:
    document = document_of([said("我们今天讨论预算。", 3.0)])

    assert [(cue.start, cue.end, cue.lines) for cue in cues_of(document)] == [(3.0, 5.0, ("我们今天讨论预算。",))]


def test_a_long_segment_is_split_after_sentences_then_clauses() -> None:
    first, second = "今天我们讨论明年的预算问题。", "如果明年的预算比今年少很多，"
    document = document_of([said(first + second + "我们怎么办呢，大家说一说。", 0)])

    found = cues_of(document)

    assert found[0].lines == (first,)
    assert found[0].end == found[1].start == 13 * 0.25
    assert all(cue.lines[-1][-1] in "。，" for cue in found)


def test_two_lines_break_at_punctuation_where_both_are_long_enough() -> None:
    (cue,) = cues_of(document_of([said("如果明年的预算比今年少，我们大家应该怎么办呢？", step=0.2)]))

    assert cue.lines == ("如果明年的预算比今年少，", "我们大家应该怎么办呢？")


def test_punctuation_survives() -> None:
    text = "他说：“《红楼梦》——真好！……（笑）”；是吧？我们又说：“好！”"

    lines = [line for cue in cues_of(edited_document(text)) for line in cue.lines]

    assert len(lines) > 1
    assert "".join(lines) == text


def test_latin_words_stay_whole() -> None:
    talk = [said("我们 should probably use a completely different framework 来做。", step=0.3)]

    lines = [line for cue in cues_of(document_of(talk)) for line in cue.lines]

    assert " ".join(lines).split() == talk[0].text.split()


def test_a_short_cue_lasts_a_second_but_not_into_the_next() -> None:
    alone, crowded = said("好。", 1.0), said("对。", 10.0)

    found = cues_of(document_of([alone, crowded, said("那么。", 10.5)], spoken(("A", 0, 10.2), ("B", 10.4, 20))))

    assert [(cue.start, cue.end) for cue in found] == [(1.0, 2.0), (10.0, 10.5), (10.5, 11.5)]


def test_edited_text_is_spread_evenly_over_its_segment() -> None:
    found = cues_of(edited_document("这是改过的第一句话，很长很长。这是改过的第二句话，也很长很长。"))

    assert [cue.lines for cue in found] == [("这是改过的第一句话，很长很长。",), ("这是改过的第二句话，也很长很长。",)]
    assert found[0].start == 0.0
    assert abs(found[0].end - 8.0 * 13 / 27) < 1e-6
    assert found[-1].end == 8.0


def test_a_very_long_edited_segment_is_split_too() -> None:
    found = cues_of(replace(edited_document("字" * 20_000), duration=20.0))

    assert sum(len(line) for cue in found for line in cue.lines) == 20_000


def test_srt_names_a_speaker_when_the_speaker_changes() -> None:
    talk = [said("你好。"), said("再说一句。", 3.0), said("好的。", 6.0)]

    exported = export(document_of(talk, spoken(("A", 0, 4.3), ("B", 6, 7))), "srt", "")

    assert exported == (
        "1\n00:00:00,000 --> 00:00:01,000\n发言人 1：你好。\n\n"
        "2\n00:00:03,000 --> 00:00:04,000\n再说一句。\n\n"
        "3\n00:00:06,000 --> 00:00:07,000\n发言人 2：好的。\n"
    )


def test_a_very_long_name_is_truncated_in_srt() -> None:
    (cue,) = cues_of(edited_document("你好。", "长" * 30), named=True)

    assert cue.lines == ("长" * 11 + "…：你好。",)


def test_vtt_has_voice_tags_unless_speakers_are_unwanted() -> None:
    assert export(edited_document("你好。"), "vtt", "") == "WEBVTT\n\n00:00:00.000 --> 00:00:07.000\n<v 王>你好。\n"
    assert "<v" not in export(edited_document("你好。"), "vtt", "", ExportStyle(speakers=False))


def test_a_failed_segment_is_shown_in_subtitles() -> None:
    document = Document(60.0, (), (Segment("p1", 10.0, 40.0, "", error="engine_failed"),))

    assert "00:00:10.000 --> 00:00:17.000\n[无法识别]\n" in export(document, "vtt", "")


nasty = st.text(
    alphabet=st.one_of(st.sampled_from(list("<>&-{}\\\n\r 1a我，")), st.characters(codec="utf-8")), max_size=40
)


@given(nasty, nasty)
def test_spoken_text_never_becomes_markup_or_a_cue_in_vtt(text: str, name: str) -> None:
    exported = export(edited_document(f"甲{text} --> <b>{text}", name), "vtt", "")

    head, *blocks = exported.split("\n\n")
    assert head == "WEBVTT"
    for block in blocks:
        time, *lines = block.rstrip("\n").split("\n")
        assert TIME.fullmatch(time)
        assert 1 <= len(lines) <= 2
        assert all(line and "-->" not in line and _VTT_LINE.fullmatch(line) for line in lines)


@given(nasty, nasty)
def test_spoken_text_never_becomes_markup_or_a_cue_in_srt(text: str, name: str) -> None:
    exported = export(edited_document(f"甲{text} --> <b>{text}", name), "srt", "")

    for number, block in enumerate(exported.split("\n\n"), 1):
        count, time, *lines = block.rstrip("\n").split("\n")
        assert count == str(number)
        assert TIME.fullmatch(time)
        assert 1 <= len(lines) <= 2
        assert not re.search(r"[<>{}]", "".join(lines))


def test_without_punctuation_cues_are_split_at_the_same_places() -> None:
    document = edited_document(
        "他说：“3.5%的增长，够了！”我们继续讨论下一个问题，好不好？大家都同意的话，我们就往下走。"
    )

    marked = cues_of(document, named=True)
    bare_cues = cues(document, named=True, punctuation=False, unrecognised="")

    assert [(cue.start, cue.end) for cue in marked] == [(cue.start, cue.end) for cue in bare_cues]
    assert bare_cues[0].lines[0].startswith("王：他说 3.5%的增长")
    assert not re.search("[，。！？：“”]", "".join(line for cue in bare_cues for line in cue.lines)[2:])


def test_traditional_words_keep_their_times() -> None:
    document = document_of([said("我们今天讨论预算。", 3.0)])

    exported = export(document, "srt", "", ExportStyle(script=Script.TRADITIONAL))

    assert exported == "1\n00:00:03,000 --> 00:00:05,000\n我們今天討論預算。\n"
