from hypothesis import given, settings
from hypothesis import strategies as st

from backend.speech.text import spoken_characters
from backend.speech.types import Segment, Word
from backend.transcripts.document import Document, Speaker
from backend.transcripts.export_style import strip_punctuation, without_punctuation


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
