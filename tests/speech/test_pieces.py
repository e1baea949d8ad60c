from itertools import pairwise

from hypothesis import given

from backend.speech.pieces import sentence_pieces, split_into_pieces
from backend.speech.types import Sentence, Word
from tests.speech.talk import said, sentences


def texts(sentence: Sentence) -> list[str]:
    return [piece.text for piece in sentence_pieces(sentence)]


def test_punctuation_belongs_to_the_word_before_it() -> None:
    assert texts(said("好，我们走。”")) == ["好，", "我", "们", "走。”"]


def test_an_opening_mark_belongs_to_the_word_after_it() -> None:
    assert texts(said("读《红楼》（上）")) == ["读", "《红", "楼》", "（上）"]


def test_a_latin_word_keeps_its_marks_and_its_space() -> None:
    assert texts(said("用 wi-fi 3.5 吗")) == ["用 ", "wi-fi ", "3.5 ", "吗"]


def test_a_word_without_spoken_characters_has_no_text_and_is_kept() -> None:
    words = (Word("甲", 0, 1), Word("&", 1, 2), Word("乙", 2, 3))

    pieces = sentence_pieces(Sentence(0, 3, "甲&乙。", words))

    assert [piece.text for piece in pieces] == ["甲&", "", "乙。"]
    assert [word for piece in pieces for word in piece.words] == list(words)


def test_a_sentence_with_other_words_than_its_text_stays_one_piece() -> None:
    words = (Word("你", 1, 2), Word("们", 2, 9))

    pieces = sentence_pieces(Sentence(0, 3, "我们好", words))

    assert [(piece.text, piece.start, piece.end, piece.words) for piece in pieces] == [("我们好", 1, 9, words)]


def test_a_point_within_a_number_does_not_end_a_sentence() -> None:
    words = tuple(Word(text, number, number + 1) for number, text in enumerate(["3", "5", "Well", "好", "吗"]))

    pieces = sentence_pieces(Sentence(0, 5, "3.5 Well. 好,吗", words))

    assert [piece.ends_clause for piece in pieces] == [False, False, True, True, False]
    assert [piece.ends_sentence for piece in pieces] == [False, False, True, False, False]


def test_sentences_without_a_mark_at_the_end_do_not_run_on() -> None:
    pieces = split_into_pieces([said("hello"), said("world", 1), said("好。", 2), said("行", 3)])

    assert "".join(piece.text for piece in pieces) == "hello world 好。行 "


def test_sentences_without_text_and_error_are_left_out() -> None:
    pieces = split_into_pieces([Sentence(0, 1, "。"), Sentence(1, 2, "", error="engine_failed")])

    assert [piece.error for piece in pieces] == ["engine_failed"]


def test_line_breaks_and_control_characters_are_removed() -> None:
    assert texts(Sentence(0, 2, "好\r\n\x00\x1b的", (Word("好", 0, 1), Word("的", 1, 2)))) == ["好 ", "的"]


@given(sentences())
def test_times_only_grow_and_words_stay_within_their_piece(talk: list[Sentence]) -> None:
    pieces = split_into_pieces(talk)

    for piece, following in pairwise(pieces):
        assert piece.start <= piece.end <= following.start
    for piece in pieces:
        assert all(piece.start <= word.start <= word.end <= piece.end for word in piece.words)


@given(sentences(tidy=True))
def test_valid_times_are_unchanged(talk: list[Sentence]) -> None:
    expected = [word for sentence in talk for word in sentence.words]

    assert [word for piece in split_into_pieces(talk) for word in piece.words] == expected
