from hypothesis import given, settings
from hypothesis import strategies as st

from backend.speech.text import spoken_characters
from backend.speech.types import Segment, Word
from backend.transcripts.document import Document, Speaker
from backend.transcripts.export_style import Script, convert_script, strip_punctuation, without_punctuation


def one(text: str, *words: str) -> Document:
    timed = tuple(Word(word, float(number), number + 1.0) for number, word in enumerate(words))
    return Document(20.0, (Speaker("S1"),), (Segment("p1", 0.0, 9.0, text, timed, speaker="S1"),))


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.one_of(st.sampled_from(list("我，。3.5%it's “”—… \n")), st.characters(codec="utf-8"))))
def test_removing_punctuation_loses_no_spoken_character(text: str) -> None:
    assert spoken_characters(strip_punctuation(text)) == spoken_characters(text)


def test_punctuation_inside_words_and_numbers_stays() -> None:
    assert strip_punctuation("it's 3.5%，在10:30。“好！”") == "it's 3.5% 在10:30 好"


def test_without_punctuation_only_texts_change() -> None:
    document = one("好，走。", "好", "走")

    (segment,) = without_punctuation(document).segments

    assert (segment.text, segment.words) == ("好 走", document.segments[0].words)


def test_the_as_is_script_changes_nothing() -> None:
    document = one("讨论。", "讨", "论")

    assert convert_script(document, Script.AS_IS) is document


def test_words_are_converted_with_their_text() -> None:
    document = convert_script(one("讨论3.5个问题。", "讨", "论", "3.5", "个", "问", "题"), Script.TRADITIONAL)

    (segment,) = document.segments
    assert segment.text == "討論3.5個問題。"
    assert [word.text for word in segment.words] == ["討", "論", "3.5", "個", "問", "題"]
    assert document.speakers == (Speaker("S1", "發言人 1"),)


def test_conversion_to_traditional_and_back_is_lossless() -> None:
    there = convert_script(one("我们讨论预算。"), Script.TRADITIONAL)

    assert convert_script(there, Script.SIMPLIFIED).segments[0].text == "我们讨论预算。"
