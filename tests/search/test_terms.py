from hypothesis import given
from hypothesis import strategies as st

from backend.search.folding import fold
from backend.search.terms import Phrase, phrases, places, terms
from tests.search.oracle import contains

#: Few characters, so that queries are found: Chinese of two scripts, Latin, digits, marks, full width, plane 2.
ALPHABET = "预算預萬万三五ab1２Ａ .，-é𠮷か"
TEXTS = st.text(st.sampled_from(ALPHABET), max_size=20)
WORDS = st.text(st.sampled_from(ALPHABET), min_size=1, max_size=5)


def matches(phrase: Phrase, found: list[str]) -> bool:
    """What the full text of a database does with a phrase."""
    *words, last = phrase.terms
    for at in range(len(found) - len(words)):
        end = found[at + len(words)]
        if found[at : at + len(words)] == words and (end.startswith(last) if phrase.prefix else end == last):
            return True
    return False


@given(TEXTS, WORDS)
def test_every_text_that_contains_a_word_has_its_phrases(text: str, word: str) -> None:
    folded, wanted = fold(text).text, fold(word).text
    if phrases(wanted) and places(folded, wanted):
        assert all(matches(phrase, terms(folded)) for phrase in phrases(wanted))


@given(TEXTS, WORDS)
def test_a_word_has_places_where_the_text_contains_it(text: str, word: str) -> None:
    wanted = fold(word).text
    if phrases(wanted):
        assert contains(text, word) is bool(places(fold(text).text, wanted))


@given(TEXTS)
def test_offsets_lead_back_to_the_text(text: str) -> None:
    folded = fold(text)

    assert len(folded.offsets) == len(folded.text) + 1
    assert list(folded.offsets) == sorted(folded.offsets)
    for character, at in zip(folded.text, folded.offsets, strict=False):
        assert character in fold(text[at]).text or character == " "


@given(st.text(max_size=30))
def test_terms_are_short_ascii_words_that_every_tokenizer_leaves_whole(text: str) -> None:
    assert all(term.isascii() and term.isalnum() and 3 <= len(term) <= 84 for term in terms(fold(text).text))


def test_a_word_inside_another_is_found_in_chinese_and_by_its_beginning_in_latin() -> None:
    folded = fold("待处理的 PostgreSQL 工单").text

    assert [(1, 3)] == places(folded, fold("处理").text)
    assert [(4, 8)] == places(folded, fold("post").text)
    assert [] == places(folded, fold("gres").text)


def test_scripts_widths_and_spaces_make_no_difference() -> None:
    assert fold("預算 是３．５萬").text == fold("预算是 3.5 万").text == "预算是3.5万"
    assert "hello world" == fold("Hello   World ").text


def test_marks_alone_are_nothing_to_look_for() -> None:
    assert [] == phrases(fold('，。！"*:()').text)
