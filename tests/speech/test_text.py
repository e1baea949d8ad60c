import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.speech.text import characters, join, spoken_characters
from backend.speech.types import Word

texts = st.text(alphabet=st.one_of(st.sampled_from("我们开会𠮷ab1%'.- ，。“é"), st.characters()), max_size=40)


@given(st.lists(texts, max_size=8))
def test_joining_words_keeps_the_spoken_characters(parts: list[str]) -> None:
    words = [Word(part, 0.0, 0.0) for part in parts]

    assert spoken_characters(join(words)) == "".join(spoken_characters(word.text) for word in words)


@given(texts)
def test_splitting_keeps_the_spoken_characters(text: str) -> None:
    found = characters(text)

    assert spoken_characters("".join(found)) == spoken_characters(text)
    assert all(spoken_characters(unit) for unit in found)


@given(texts, texts)
def test_spoken_characters_of_a_concatenation_are_those_of_its_parts(one: str, other: str) -> None:
    assert spoken_characters(one + other) == spoken_characters(one) + spoken_characters(other)
    assert spoken_characters(spoken_characters(one)) == spoken_characters(one)


@given(st.characters(categories=["P", "Z", "C"]))
def test_punctuation_spaces_and_control_characters_are_not_spoken(character: str) -> None:
    planes = (
        0x20000 <= ord(character) <= 0x3FFFF
    )  # unassigned in this Python's Unicode version, ideographs in later ones

    assert spoken_characters(character) == (
        "" if unicodedata.category(character)[0] != "C" and character not in "%％‰" else spoken_characters(character)
    )
    assert planes or character in "%％‰" or spoken_characters(character) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("《你好》，“世界”！……——·", "你好世界"),
        ("It's 3.5, OK?", "Its35OK"),
        ("增长50%左右", "增长50%左右"),
        ("𠮷野家㐀𪚥\U000323af", "𠮷野家㐀𪚥\U000323af"),
        ("😊▁你 好@@\u200b\n", "你好"),
        ("café", "café"),
        ("", ""),
    ],
)
def test_spoken_characters(text: str, expected: str) -> None:
    assert spoken_characters(text) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["我", "用", "Python", "three", "写"], "我用Python three写"),
        (["5%", "off"], "5% off"),
        (["二", "零", "二", "六"], "二零二六"),
        (["こ", "れ", "は"], "これは"),
        (["hello", "", ",", "world"], "hello, world"),
        ([], ""),
    ],
)
def test_only_latin_words_and_numbers_are_spaced(words: list[str], expected: str) -> None:
    assert join([Word(text, 0.0, 0.0) for text in words]) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我用Python 3.11。", ["我", "用", "Python", "3.11"]),
        ("it's wi-fi，10:30到1,000", ["it's", "wi-fi", "10:30", "到", "1,000"]),
        ("a,b c", ["a", "b", "c"]),
        ("约50%的", ["约", "50%", "的"]),
        ("𠮷㐀", ["𠮷", "㐀"]),
        ("cafe\u0301 de", ["cafe\u0301", "de"]),
        ("，。", []),
    ],
)
def test_characters(text: str, expected: list[str]) -> None:
    assert characters(text) == expected
