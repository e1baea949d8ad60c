"""Numbers in an export: written as people write them, with the times of what was heard."""

import pytest

from backend.speech.text import spoken_characters
from backend.speech.types import Segment, Word
from backend.transcripts.document import Document, Speaker
from backend.transcripts.export import export
from backend.transcripts.export_style import ExportStyle
from backend.transcripts.written_numbers import with_written_numbers

TEXT = "预算是三百二十万，比去年多百分之十二点五。"


def one(text: str, words: str) -> Document:
    timed = tuple(Word(word, at / 8, (at + 1) / 8) for at, word in enumerate(words))
    return Document(30.0, (Speaker("S1"),), (Segment("p1", 0.0, 3.0, text, timed, speaker="S1"),))


def test_a_number_is_one_word_with_the_time_of_all_its_characters() -> None:
    (segment,) = with_written_numbers(one(TEXT, spoken_characters(TEXT))).segments

    assert "预算是320万，比去年多12.5%。" == segment.text
    assert Word("320万", 3 / 8, 8 / 8) in segment.words
    assert Word("12.5%", 12 / 8, 19 / 8) in segment.words
    assert spoken_characters(segment.text) == spoken_characters("".join(word.text for word in segment.words))


def test_words_that_do_not_match_an_edited_text_keep_their_times() -> None:
    document = one(TEXT, "今天")

    (segment,) = with_written_numbers(document).segments

    assert "预算是320万，比去年多12.5%。" == segment.text
    assert document.segments[0].words == segment.words


@pytest.mark.parametrize("format", ["txt", "md", "srt", "vtt", "csv"])
def test_every_text_format_writes_numbers_where_it_was_asked_to(format: str) -> None:
    document = one(TEXT, spoken_characters(TEXT))

    assert "320万" in export(document, format, "周会", style=ExportStyle(written_numbers=True)).decode()
    assert "三百二十万" in export(document, format, "周会").decode()


def test_json_says_what_was_heard() -> None:
    content = export(
        one(TEXT, spoken_characters(TEXT)), "json", "周会", style=ExportStyle(written_numbers=True)
    ).decode()

    assert "三百二十万" in content
    assert "320万" not in content
