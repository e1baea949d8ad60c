"""What Whisper invents, and what it did not."""

import pytest

from backend.engines.hallucination_checks import (
    DecodedWindow,
    Hallucination,
    find_hallucinations,
    is_echo,
    is_loop,
    is_omitted,
    is_without_speech,
)

SPEECH = "如果信息足够公开完备那么直接发放现金会是最有效的方式"


def decoded(text: str, probability: float = 0.9, no_speech: float = 0.1, seconds: float = 8.0) -> DecodedWindow:
    return DecodedWindow(text, [probability] * len(text), no_speech, seconds)


def test_nothing_speaks_against_speech() -> None:
    assert set() == find_hallucinations(decoded(SPEECH), ("火山引擎", "王芳"))


def test_an_empty_text_is_no_hallucination() -> None:
    assert set() == find_hallucinations(decoded("", 0.0, 1.0))


@pytest.mark.parametrize(("probability", "no_speech"), [(0.1, 0.1), (0.29, 0.1), (0.9, 0.95)])
def test_a_text_the_model_is_not_sure_of_is_improbable(probability: float, no_speech: float) -> None:
    assert {Hallucination.IMPROBABLE} == find_hallucinations(decoded(SPEECH, probability, no_speech))


@pytest.mark.parametrize(
    ("text", "hallucination"),
    [
        ("我会把你带回来的" * 7, Hallucination.REPETITION),
        ("好的好的好的好的好的", Hallucination.REPETITION),  # too short to compress well
        (
            "如果信息足够公开完备那么直接发放现金是最有效的方式大家怎么看我们明天再讨论" * 3,
            Hallucination.REPETITION,
        ),
        ("字幕by索兰娅", Hallucination.ECHO),
        ("火山引擎 王芳", Hallucination.ECHO),
    ],
)
def test_loops_and_echoes_are_hallucinations(text: str, hallucination: Hallucination) -> None:
    assert hallucination in find_hallucinations(decoded(text), ("火山引擎", "王芳"))


@pytest.mark.parametrize(
    "text",
    [
        "我会把你带回来的" * 7,
        "Mm-hmm. " * 8,
        "啊" * 40,
        "好的好的好的好的好的",
        "开会" + "谢谢大家" * 6,
        "哈哈哈哈哈哈",
    ],
)
def test_the_same_words_over_and_over_are_a_loop(text: str) -> None:
    assert is_loop(text)


@pytest.mark.parametrize(
    "text",
    [
        SPEECH,
        "对对对，就是这样",
        "好好好，我知道了",
        "谢谢谢谢",
        "一二三四五六七八九十",
        "",
        "是",
        "这个这个这个我觉得可以先放一放再看",
    ],
)
def test_people_who_repeat_a_word_are_no_loop(text: str) -> None:
    assert not is_loop(text)


@pytest.mark.parametrize(
    "text",
    [
        "字幕by索兰娅",
        "字幕由Amara.org社区提供",
        "请不吝点赞订阅转发打赏支持明镜与点点栏目",
        "Thanks for watching!",
        "謝謝觀看",
        "作词：李宗盛",
    ],
)
def test_credits_of_subtitles_are_an_echo(text: str) -> None:
    assert is_echo(text, ())


@pytest.mark.parametrize(
    "text",
    [
        "我们的视频没有字幕，下个版本要加上字幕和翻译功能",
        "谢谢大家，今天的会就开到这里",
        SPEECH,
    ],
)
def test_speech_about_subtitles_is_no_echo(text: str) -> None:
    assert not is_echo(text, ())


def test_the_hotwords_in_a_row_are_an_echo() -> None:
    assert is_echo("火山引擎 王芳 飞书", ("火山引擎", "王芳", "飞书"))


def test_a_sentence_with_hotwords_is_no_echo() -> None:
    assert not is_echo("请王芳把火山引擎的报价发给我们", ("火山引擎", "王芳", "飞书"))


@pytest.mark.parametrize(("text", "seconds"), [(SPEECH * 3, 2.0), ("好", 20.0)])
def test_more_or_fewer_characters_than_anybody_says_are_a_hallucination(text: str, seconds: float) -> None:
    assert Hallucination.PACE in find_hallucinations(decoded(text, seconds=seconds))


def test_a_short_answer_in_a_short_chunk_is_no_hallucination() -> None:
    assert set() == find_hallucinations(decoded("嗯", seconds=1.0))


@pytest.mark.parametrize(
    ("text", "probability", "no_speech", "nobody"),
    [
        ("字幕by索兰娅", 0.67, 0.95, True),
        ("by bwd6", 0.8, 0.95, True),
        ("我会把你带回来的" * 7, 0.8, 0.95, True),
        ("嗯好的", 0.1, 0.95, True),
        ("字幕by索兰娅", 0.67, 0.79, False),
        (SPEECH, 0.9, 0.95, False),
        ("嗯好的", 0.1, 0.5, False),
    ],
)
def test_nobody_spoke_where_the_model_found_no_speech_and_its_text_is_no_speech_either(
    text: str, probability: float, no_speech: float, nobody: bool
) -> None:
    assert nobody == is_without_speech(DecodedWindow(text, [probability], no_speech, 1.0))


@pytest.mark.parametrize(
    ("text", "seconds", "omitted"),
    [("", 3.0, True), ("如果信。", 5.2, True), ("好的。", 2.8, False), ("", 1.4, False), (SPEECH, 9.0, False)],
)
def test_next_to_no_text_for_a_chunk_of_speech_is_an_omission(text: str, seconds: float, omitted: bool) -> None:
    assert omitted == is_omitted(text, seconds)
