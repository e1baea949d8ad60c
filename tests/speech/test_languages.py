"""The language of a transcript."""

import pytest

from backend.speech.languages import AUTO, LANGUAGES, MANDARIN, language_code, spoken_language
from backend.speech.types import Sentence


def said(seconds: float, language: str | None) -> Sentence:
    return Sentence(10.0, 10.0 + seconds, "x", language=language)


@pytest.mark.parametrize(
    ("sentences", "language"),
    [
        ([said(3, "en")], "en"),
        ([said(3, "en"), said(2, "zh"), said(2, "zh")], "zh"),
        ([said(1, "zh"), said(1, "zh"), said(5, "ja")], "ja"),
        ([said(60, None), said(1, "ko")], "ko"),
    ],
)
def test_it_is_the_one_in_which_most_seconds_were_recognised(sentences: list[Sentence], language: str) -> None:
    assert spoken_language(sentences, LANGUAGES, "fr") == language


@pytest.mark.parametrize(
    ("known", "chosen", "language"),
    [
        (MANDARIN, AUTO, "zh"),
        (MANDARIN, "en", "zh"),  # the engine took it for Mandarin
        (LANGUAGES, "en", "en"),
        (LANGUAGES, AUTO, "zh"),
    ],
)
def test_where_the_engine_does_not_say_it_is_the_chosen_one_if_it_knows_it(
    known: tuple[str, ...], chosen: str, language: str
) -> None:
    for sentences in ([], [said(5, None)]):
        assert spoken_language(sentences, known, chosen) == language


def test_media_files_name_languages_in_many_ways() -> None:
    names = ["chi", "zho", "cmn", "zh-CN", "ZH_tw", "eng", "en", "ger", "deu", "yue", "haw", "qaa"]

    codes = [language_code(name) for name in names]

    assert codes == ["zh", "zh", "zh", "zh", "zh", "en", "en", "de", "de", "yue", "haw", "qaa"]
    assert {language_code(code) for code in LANGUAGES} == set(LANGUAGES)
