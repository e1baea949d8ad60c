"""Whisper's tokens as characters with times."""

from hypothesis import given
from hypothesis import strategies as st

from backend.engines.whisper_tokens import TimedToken, timed_characters, token_bytes, words_of


@given(st.text(alphabet="今天开会 it's 3.5，GPT你好😀é", max_size=40), st.data())
def test_however_bytes_are_split_over_tokens_every_character_lies_inside_its_own_tokens(
    text: str, data: st.DataObject
) -> None:
    raw = text.encode()
    edges = sorted(data.draw(st.sets(st.integers(1, max(1, len(raw) - 1))))) if raw else []
    parts = [raw[start:end] for start, end in zip([0, *edges], [*edges, len(raw)], strict=True)]
    tokens = [TimedToken(part, float(at), float(at + 1)) for at, part in enumerate(parts)]
    owner = [at for at, part in enumerate(parts) for _ in part]

    timed = timed_characters(tokens)

    assert text == "".join(character.text for character in timed)
    position, before = 0, 0.0
    for character in timed:
        first, position = position, position + len(character.text.encode())
        assert owner[first] <= character.start <= character.end <= owner[position - 1] + 1
        assert before <= character.start
        before = character.end


def test_bytes_that_are_no_text_are_left_out() -> None:
    tokens = [TimedToken(b"\xe4\xbb", 0.0, 1.0), TimedToken("天".encode(), 1.0, 2.0)]

    assert ["天"] == [character.text for character in timed_characters(tokens)]


def test_words_are_single_chinese_characters_and_whole_latin_words() -> None:
    tokens = [
        TimedToken(part.encode(), at, at + 1.0) for at, part in enumerate(["今", "天 use", " GPT", "-4 it's", "，好"])
    ]

    words, marks = words_of(timed_characters(tokens))

    assert ["今", "天", "use", "GPT-4", "it's", "好"] == [word.text for word in words]
    assert ["", "", "", "", "，", ""] == marks


def test_thousands_are_written_without_commas() -> None:
    words, _ = words_of(timed_characters([TimedToken("约4,000套".encode(), 0.0, 1.0)]))

    assert ["约", "4000", "套"] == [word.text for word in words]


def test_a_token_of_the_vocabulary_stands_for_bytes() -> None:
    assert b" Hello" == token_bytes("ĠHello")
    assert "大家".encode() == token_bytes("å¤§å®¶")
