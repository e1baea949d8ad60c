"""Tokens of Paraformer become words, and every character keeps the time of its own token."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.engines.paraformer_tokens import join_tokens

#: A sample of the 8,404 tokens of the published model: every kind of them.
TOKENS = [
    *"今天开会我们的是一二三𫖯",
    *"0123456789",
    "<unk>", "<s>", "</s>", "&", ".", "@", "'s", "n't", "'re", "t's", "-@@", "'@@", "i'@@", "0@@", "1@@", "5@@",
    "hel@@", "lo", "wi@@", "fi", "it", "is", "ok", "a", "i", "r", "d", "gpt@@", "m", "the", "un@@", "ing", "x@@",
]  # fmt: skip


@given(st.lists(st.sampled_from(TOKENS), max_size=30))
def test_nothing_is_lost_but_what_stands_for_no_text_and_every_token_is_used_once_in_order(tokens: list[str]) -> None:
    words = join_tokens(tokens)

    used = [index for _, own in words for index in own]
    kept = [at for at, token in enumerate(tokens) if token not in {"<unk>", "<s>", "</s>"}]
    assert kept == used
    text = "".join(tokens[at].removesuffix("@@") for at in kept)
    assert text.casefold() == "".join(word for word, _ in words).casefold()


@given(st.lists(st.sampled_from(TOKENS), max_size=30))
def test_a_chinese_character_is_a_word_of_its_own(tokens: list[str]) -> None:
    for word, own in join_tokens(tokens):
        if any(not character.isascii() for character in word):
            assert 1 == len(own)
            assert tokens[own[0]] == word


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        ("今 天 <unk> 开 会", ["今", "天", "开", "会"]),
        ("涨 了 3 . 5 倍", ["涨", "了", "3.5", "倍"]),
        ("第 1 . 项", ["第", "1", ".", "项"]),
        ("it 's ok", ["it's", "ok"]),
        ("do n't", ["don't"]),
        ("i'@@ m ok", ["i'm", "ok"]),
        ("wi -@@ fi", ["wi-fi"]),
        ("wi@@ -@@ fi", ["wi-fi"]),
        ("r & d 部 门", ["R&D", "部", "门"]),
        ("a i", ["AI"]),
        ("a 是", ["a", "是"]),
        ("hel@@ 今 天 lo", ["hel", "今", "天", "lo"]),
        ("1 0 楼", ["10", "楼"]),
        ("1@@ 0@@ 0", ["100"]),
        ("hel@@ lo ok", ["hello", "ok"]),
        ("hel@@", ["hel"]),
        ("3 <unk> 5", ["3", "5"]),
        ("hel@@ <unk> lo", ["hel", "lo"]),
        ("", []),
    ],
)
def test_words_come_out_whole(tokens: str, words: list[str]) -> None:
    assert words == [word for word, _ in join_tokens(tokens.split())]
