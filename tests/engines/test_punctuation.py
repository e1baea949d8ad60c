"""Punctuation adds marks and changes no word, whatever the model returns."""

from hypothesis import given
from hypothesis import strategies as st

from backend.engines.punctuation import punctuate_by_model, punctuate_by_pauses, sentences
from backend.speech.text import join, spoken_characters
from backend.speech.types import Word


def _words(*texts: str, pauses: dict[int, float] | None = None) -> list[Word]:
    """Words of 0.2 seconds; `pauses` names the seconds of silence after some of them."""
    made, at = [], 0.0
    for index, text in enumerate(texts):
        made.append(Word(text, at, at + 0.2))
        at += 0.2 + (pauses or {}).get(index, 0.0)
    return made


def _with_full_stop(text: str) -> str:
    return text.replace(" ", "") + "。"


_vocabulary = st.sampled_from(["今", "天", "好", "hello", "it's", "3.5", "ok"])
_spoken = st.lists(st.tuples(_vocabulary, st.sampled_from([0.0, 0.1, 0.3, 0.7, 2.0])), max_size=40)


@given(spoken=_spoken, answers=st.randoms(use_true_random=False))
def test_no_model_answer_changes_a_word(spoken: list[tuple[str, float]], answers: object) -> None:
    words = _words(*(text for text, _ in spoken), pauses={i: pause for i, (_, pause) in enumerate(spoken)})

    def odd(text: str) -> str:
        answer = "".join(c + answers.choice(["", "", "，", "。", "？", ".", " ", "好"]) for c in text)  # type: ignore[attr-defined]
        return answers.choice([answer, answer.upper(), "", text, text[:-1]])  # type: ignore[attr-defined,no-any-return]

    for marks in (punctuate_by_model(words, odd), punctuate_by_pauses(words)):
        made = sentences(words, marks)

        assert len(marks) == len(words)
        assert [word for sentence in made for word in sentence.words] == words
        for sentence in made:
            assert spoken_characters(sentence.text) == spoken_characters(join(sentence.words))
            assert (sentence.start, sentence.end) == (sentence.words[0].start, sentence.words[-1].end)


def test_the_marks_of_the_model_are_used() -> None:
    words = _words(*"今天好吗很好")

    made = sentences(words, punctuate_by_model(words, lambda text: "今天，好吗？很好。"))

    assert [sentence.text for sentence in made] == ["今天，好吗？", "很好。"]


def test_latin_words_keep_their_case_and_get_chinese_marks() -> None:
    words = _words("hello", "ok", "好")

    made = sentences(words, punctuate_by_model(words, lambda text: " Hello ok, 好."))

    assert [sentence.text for sentence in made] == ["hello ok，好。"]


def test_marks_inside_words_stay_in_the_word() -> None:
    words = _words("3.5", "米")

    assert punctuate_by_model(words, lambda text: "3.5米。") == ["", "。"]


def test_words_stay_without_marks_if_the_model_changes_them() -> None:
    words = _words(*"今天好")

    for answer in ("今天，好天。", "今，天。", "", "好，天今。"):
        assert punctuate_by_model(words, lambda text, answer=answer: answer) == ["", "", ""]  # type: ignore[misc]


def test_the_model_never_gets_more_than_its_limit() -> None:
    asked: list[str] = []

    def model(text: str) -> str:
        asked.append(text)
        return _with_full_stop(text)

    marks = punctuate_by_model(_words(*("好" * 950)), model)

    assert max(len(text.replace(" ", "")) for text in asked) == 200
    assert len(marks) == 950


def test_a_sentence_does_not_end_where_the_models_input_is_cut() -> None:
    words = _words(*("好" * 250))

    marks = punctuate_by_model(words, _with_full_stop)

    assert [index for index, mark in enumerate(marks) if mark] == [249]


def test_an_unfinished_sentence_is_given_to_the_model_again_from_its_start() -> None:
    asked: list[int] = []

    def model(text: str) -> str:
        characters = text.split(" ")
        asked.append(len(characters))
        return "".join(c + ("。" if i == 149 else "") for i, c in enumerate(characters)) + "。"

    marks = punctuate_by_model(_words(*("好" * 250)), model)

    assert asked == [200, 100]
    assert [index for index, mark in enumerate(marks) if mark] == [149, 249]


def test_a_long_pause_ends_a_sentence_and_the_models_input() -> None:
    asked: list[str] = []

    def model(text: str) -> str:
        asked.append(text)
        return text

    words = _words(*"你好再见", pauses={1: 1.6})
    made = sentences(words, punctuate_by_model(words, model))

    assert asked == ["你 好", "再 见"]
    assert [sentence.text for sentence in made] == ["你好", "再见"]


def test_pauses_become_marks() -> None:
    words = _words(*"今天天气好我们去", pauses={1: 0.3, 4: 0.6})

    made = sentences(words, punctuate_by_pauses(words))

    assert [sentence.text for sentence in made] == ["今天，天气好。", "我们去。"]


def test_long_speech_with_short_pauses_is_split_at_the_longest() -> None:
    words = _words(*("好" * 100), pauses={40: 0.2, 99: 0.2, 2: 0.24})

    made = sentences(words, punctuate_by_pauses(words))

    assert [len(sentence.words) for sentence in made] == [41, 59]


def test_no_words_give_no_sentences() -> None:
    assert sentences([], punctuate_by_pauses([])) == []
    assert sentences([], punctuate_by_model([], _with_full_stop)) == []
