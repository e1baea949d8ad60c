"""How a transcript is written: numbers in digits, another script, with the times of what was heard."""

import pytest

from backend.speech.text import spoken_characters
from backend.speech.types import Segment, Word
from backend.transcripts.document import Document, Speaker
from backend.transcripts.export import export
from backend.transcripts.export_style import ExportStyle
from backend.transcripts.script import Script
from backend.transcripts.written_form import WrittenForm, with_written_form

TEXT = "预算是三百二十万，比去年多百分之十二点五。"
NUMBERS = WrittenForm(numbers=True)
TAIWAN = WrittenForm(script=Script.TAIWAN)


def one(text: str, *words: str, name: str | None = None) -> Document:
    heard = words or spoken_characters(text)
    timed = tuple(Word(word, at / 8, (at + 1) / 8) for at, word in enumerate(heard))
    return Document(30.0, (Speaker("S1", name),), (Segment("p1", 0.0, 3.0, text, timed, speaker="S1"),))


def test_a_number_is_one_word_with_the_time_of_all_its_characters() -> None:
    (segment,) = with_written_form(one(TEXT), NUMBERS).segments

    assert "预算是320万，比去年多12.5%。" == segment.text
    assert Word("320万", 3 / 8, 8 / 8) in segment.words
    assert Word("12.5%", 12 / 8, 19 / 8) in segment.words
    assert spoken_characters(segment.text) == spoken_characters("".join(word.text for word in segment.words))


def test_characters_keep_their_times_and_a_word_of_another_length_has_the_time_of_all_its_characters() -> None:
    (segment,) = with_written_form(one("头发，博客3。"), TAIWAN).segments

    assert "頭髮，部落格3。" == segment.text
    assert (
        Word("頭", 0 / 8, 1 / 8),
        Word("髮", 1 / 8, 2 / 8),
        Word("部落格", 2 / 8, 4 / 8),
        Word("3", 4 / 8, 5 / 8),
    ) == segment.words


def test_a_word_of_several_characters_stays_one_word() -> None:
    (segment,) = with_written_form(one("我们头发", "我", "们头发"), TAIWAN).segments

    assert ["我", "們頭髮"] == [word.text for word in segment.words]


def test_numbers_and_script_are_written_together() -> None:
    form = WrittenForm(numbers=True, script=Script.TAIWAN)
    document = with_written_form(one(TEXT), form)

    assert "預算是320萬，比去年多12.5%。" == document.segments[0].text == form.write(TEXT)
    assert Word("320萬", 3 / 8, 8 / 8) in document.segments[0].words
    assert (Speaker("S1", "發言人 1"),) == document.speakers


@pytest.mark.parametrize("script", [Script.TRADITIONAL, Script.TAIWAN, Script.TAIWAN_CHARACTERS, Script.HONG_KONG])
@pytest.mark.parametrize("name", ["于娜", "范伟", "姜后", "朴志洙", "余干"])
def test_names_of_speakers_and_hotwords_are_left_alone(name: str, script: Script) -> None:
    heard = f"{name}在后面，关于发展。"

    as_speaker = with_written_form(one(heard, name=name), WrittenForm(script=script))
    as_hotword = with_written_form(one(heard), WrittenForm(script=script, protected=(name,)))

    assert f"{name}在後面，關於發展。" == as_speaker.segments[0].text == as_hotword.segments[0].text
    assert (Speaker("S1", name),) == as_speaker.speakers


def test_names_are_left_alone_in_simplified_characters_too() -> None:
    assert "于於说话" == WrittenForm(script=Script.SIMPLIFIED, protected=("于於",)).write("于於說話")


def test_a_hotword_with_a_number_is_left_alone() -> None:
    assert "三六零零公司有320人" == WrittenForm(numbers=True, protected=("三六零零公司",)).write(
        "三六零零公司有三百二十人"
    )


def test_a_protected_word_of_one_character_protects_nothing() -> None:
    assert "後面" == WrittenForm(script=Script.TAIWAN, protected=("后", "")).write("后面")


def test_spans_over_what_was_heard_give_what_is_written() -> None:
    form = WrittenForm(numbers=True, script=Script.TAIWAN, protected=("范伟",))
    heard = "范伟说博客有三百二十万个软件，打印机是二零二六年发的。"

    spans = form.spans(heard)

    written = list(heard)
    for span in reversed(spans):
        written[span.start : span.end] = span.text
    assert form.write(heard) == "".join(written) == "范伟說部落格有320萬個軟體，印表機是2026年發的。"


def test_words_that_do_not_match_an_edited_text_keep_their_times() -> None:
    document = one(TEXT, "今天")

    (segment,) = with_written_form(document, NUMBERS).segments

    assert "预算是320万，比去年多12.5%。" == segment.text
    assert document.segments[0].words == segment.words


@pytest.mark.parametrize("language", ["ja", "ko"])
def test_other_languages_with_chinese_characters_stay(language: str) -> None:
    document = Document(30.0, segments=(Segment("p1", 0.0, 3.0, "会議は十二人"),), language=language)

    assert document is with_written_form(document, WrittenForm(numbers=True, script=Script.TAIWAN))


def test_nothing_changes_unless_it_is_asked_for() -> None:
    document = one(TEXT)

    assert document is with_written_form(document, WrittenForm(protected=("预算",)))


@pytest.mark.parametrize("format", ["txt", "md", "srt", "vtt", "csv"])
def test_every_text_format_writes_numbers_where_it_was_asked_to(format: str) -> None:
    document = one(TEXT)

    assert "320万" in export(document, format, "周会", style=ExportStyle(written_numbers=True)).decode()
    assert "三百二十万" in export(document, format, "周会").decode()


@pytest.mark.parametrize("format", ["txt", "md", "srt", "vtt", "csv"])
def test_the_texts_of_an_export_are_in_its_script(format: str) -> None:
    failed = Segment("p2", 4.0, 5.0, "", error="engine_failed")
    document = Document(30.0, (Speaker("S1"),), (Segment("p1", 0.0, 3.0, "头发"), failed))

    text = export(document, format, "", style=ExportStyle(script=Script.TAIWAN)).decode()
    silent = export(Document(30.0), format, "", style=ExportStyle(script=Script.TAIWAN)).decode()

    assert "頭髮" in text
    assert "無法識別" in text
    assert "未知發言人" in text
    assert not set(text + silent) & set("无识别发检测语"), "no simplified character"


def test_json_says_what_was_heard() -> None:
    content = export(one(TEXT), "json", "周会", style=ExportStyle(written_numbers=True)).decode()

    assert "三百二十万" in content
    assert "320万" not in content
