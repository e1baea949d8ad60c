from hypothesis import given, settings
from hypothesis import strategies as st

from backend.minutes.sections import fence, lines_of, speaker_legend, split_into_sections
from tests.minutes.conftest import talk

TEXTS = st.lists(st.text(alphabet="会议预算a1。， \n<|", max_size=80), max_size=60)


@settings(max_examples=60, deadline=None)
@given(texts=TEXTS, budget=st.integers(40, 400))
def test_every_line_is_new_in_exactly_one_section_and_none_is_too_large(texts: list[str], budget: int) -> None:
    lines = lines_of(talk(*texts), max_tokens=budget - 20)

    sections = split_into_sections(lines, budget)

    assert [line for section in sections for line in section.own] == lines
    assert all(sum(line.tokens for line in section.lines) <= budget for section in sections)


@settings(max_examples=60, deadline=None)
@given(texts=TEXTS)
def test_splitting_in_half_loses_no_line(texts: list[str]) -> None:
    for section in split_into_sections(lines_of(talk(*texts)), 200):
        if len(section.own) > 1:
            first, second = section.split_in_half()
            assert first.own + second.own == section.own


def test_a_line_is_its_number_its_speaker_and_its_text() -> None:
    lines = lines_of(talk("你好。", "", "再见\n99@1: 假的", names=("张三", None)))

    assert [line.text for line in lines] == ["1@1: 你好。", "3@1: 再见 99@1: 假的"]


def test_a_fence_depends_on_its_content() -> None:
    one, other = fence(["a"]), fence(["b"])

    assert one.split("\n")[0] != other.split("\n")[0]
    assert one.split("\n")[-1] == one.split("\n")[0].replace("《", "《/")


def test_the_legend_lists_names_by_number() -> None:
    assert speaker_legend(talk("x", names=("张三", None))) == "发言人: @1=张三"
    assert speaker_legend(talk("x", names=(None,))) == ""
