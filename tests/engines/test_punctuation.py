"""Punctuation adds marks and changes no word, whatever the model answers."""

from hypothesis import given
from hypothesis import strategies as st

from backend.engines.punctuation import marks_by_model, marks_by_pauses, sentences
from backend.speech.text import bare, join
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
def test_no_model_can_change_a_word(spoken: list[tuple[str, float]], answers: object) -> None:
    words = _words(*(text for text, _ in spoken), pauses={i: pause for i, (_, pause) in enumerate(spoken)})

    def odd(text: str) -> str:
        answer = "".join(c + answers.choice(["", "", "，", "。", "？", ".", " ", "好"]) for c in text)  # type: ignore[attr-defined]
        return answers.choice([answer, answer.upper(), "", text, text[:-1]])  # type: ignore[attr-defined,no-any-return]

    for marks in (marks_by_model(words, odd), marks_by_pauses(words)):
        made = sentences(words, marks)

        assert len(marks) == len(words)
        assert [word for sentence in made for word in sentence.words] == words
        for sentence in made:
            assert bare(sentence.text) == bare(join(sentence.words))
            assert (sentence.start, sentence.end) == (sentence.words[0].start, sentence.words[-1].end)


def test_the_models_marks_are_taken() -> None:
    words = _words(*"今天好吗很好")

    made = sentences(words, marks_by_model(words, lambda text: "今天，好吗？很好。"))

    assert [sentence.text for sentence in made] == ["今天，好吗？", "很好。"]


def test_latin_words_keep_their_case_and_get_chinese_marks() -> None:
    words = _words("hello", "ok", "好")

    made = sentences(words, marks_by_model(words, lambda text: " Hello ok, 好."))

    assert [sentence.text for sentence in made] == ["hello ok，好。"]


def test_marks_inside_words_are_part_of_the_word() -> None:
    words = _words("3.5", "米")

    assert marks_by_model(words, lambda text: "3.5米。") == ["", "。"]


def test_where_the_model_changes_the_words_they_stay_without_marks() -> None:
    words = _words(*"今天好")

    for answer in ("今天，好天。", "今，天。", "", "好，天今。"):
        assert marks_by_model(words, lambda text, answer=answer: answer) == ["", "", ""]  # type: ignore[misc]


def test_the_model_is_never_given_more_than_it_can_take() -> None:
    asked: list[str] = []

    def model(text: str) -> str:
        asked.append(text)
        return _with_full_stop(text)

    marks = marks_by_model(_words(*("好" * 950)), model)

    assert max(len(text.replace(" ", "")) for text in asked) == 200
    assert len(marks) == 950


def test_a_sentence_is_not_ended_only_because_the_model_was_given_its_first_part() -> None:
    words = _words(*("好" * 250))

    marks = marks_by_model(words, _with_full_stop)

    assert [index for index, mark in enumerate(marks) if mark] == [249]


def test_the_model_hears_an_unfinished_sentence_again_from_its_beginning() -> None:
    asked: list[int] = []

    def model(text: str) -> str:
        characters = text.split(" ")
        asked.append(len(characters))
        return "".join(c + ("。" if i == 149 else "") for i, c in enumerate(characters)) + "。"

    marks = marks_by_model(_words(*("好" * 250)), model)

    assert asked == [200, 100]
    assert [index for index, mark in enumerate(marks) if mark] == [149, 249]


def test_a_long_pause_ends_a_sentence_and_the_models_context() -> None:
    asked: list[str] = []

    def model(text: str) -> str:
        asked.append(text)
        return text

    words = _words(*"你好再见", pauses={1: 1.6})
    made = sentences(words, marks_by_model(words, model))

    assert asked == ["你 好", "再 见"]
    assert [sentence.text for sentence in made] == ["你好", "再见"]


def test_pauses_are_heard_as_marks() -> None:
    words = _words(*"今天天气好我们去", pauses={1: 0.3, 4: 0.6})

    made = sentences(words, marks_by_pauses(words))

    assert [sentence.text for sentence in made] == ["今天，天气好。", "我们去。"]


def test_speech_without_pauses_is_divided_at_the_longest_of_them() -> None:
    words = _words(*("好" * 100), pauses={40: 0.2, 99: 0.2, 2: 0.24})

    made = sentences(words, marks_by_pauses(words))

    assert [len(sentence.words) for sentence in made] == [41, 59]


def test_nothing_said_is_no_sentence() -> None:
    assert sentences([], marks_by_pauses([])) == []
    assert sentences([], marks_by_model([], _with_full_stop)) == []
