"""Scripts: characters and words of Taiwan and Hong Kong, as spans with exact offsets."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.speech.spans import Span, rewrite
from backend.transcripts.script import Script, convert_text, find_script_changes

#: Simplified, Taiwan with its words, Taiwan's characters, Hong Kong.
CASES = [
    ("皇后在后面", "皇后在後面", "皇后在後面", "皇后在後面"),
    ("里面有三公里", "裡面有三公里", "裡面有三公里", "裏面有三公里"),
    ("面条在上面", "麵條在上面", "麵條在上面", "麪條在上面"),
    ("发现头发", "發現頭髮", "發現頭髮", "發現頭髮"),
    ("干净的树干", "乾淨的樹幹", "乾淨的樹幹", "乾淨的樹幹"),
    ("软件", "軟體", "軟件", "軟件"),
    ("鼠标和硬盘", "滑鼠和硬碟", "鼠標和硬盤", "鼠標和硬盤"),
    ("博客", "部落格", "博客", "博客"),
    ("为什么", "為什麼", "為什麼", "為什麼"),
    ("台风来了", "颱風來了", "颱風來了", "颱風來了"),
]
#: Texts made of words whose length changes, of their neighbours, and of what is not Chinese.
_WORDS = st.lists(st.sampled_from([*"的打印看用a，。 后3𠮷", "博客", "打印机", "软件", "头发", "出租车"]), max_size=12)


@pytest.mark.parametrize(("heard", "words", "characters", "hong_kong"), CASES)
def test_words_and_characters_are_those_of_the_region(heard: str, words: str, characters: str, hong_kong: str) -> None:
    written = {script: rewrite(heard, find_script_changes(heard, script)) for script in Script}

    assert heard == written[Script.AS_IS]
    assert words == written[Script.TAIWAN]
    assert characters == written[Script.TAIWAN_CHARACTERS]
    assert hong_kong == written[Script.HONG_KONG]


@pytest.mark.parametrize("text", [case[0] for case in CASES])
def test_traditional_characters_become_simplified_again(text: str) -> None:
    for script in (Script.TRADITIONAL, Script.TAIWAN_CHARACTERS, Script.HONG_KONG):
        traditional = rewrite(text, find_script_changes(text, script))

        assert text == rewrite(traditional, find_script_changes(traditional, Script.SIMPLIFIED))


def test_a_word_of_another_length_is_one_span_and_the_rest_stays_apart() -> None:
    assert [Span(1, 2, "開"), Span(3, 5, "部落格"), Span(5, 6, "頭"), Span(6, 7, "髮")] == find_script_changes(
        "公开的博客头发", Script.TAIWAN
    )


@settings(deadline=None)
@given(_WORDS, st.sampled_from(list(Script)))
def test_spans_are_in_order_and_give_the_converted_text(words: list[str], script: Script) -> None:
    text = "".join(words)
    spans = find_script_changes(text, script)

    assert rewrite(text, spans) == convert_text(text, script)
    position = 0
    for span in spans:
        assert position <= span.start < span.end <= len(text)
        assert span.text not in ("", text[span.start : span.end])
        position = span.end
