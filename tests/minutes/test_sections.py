from hypothesis import given, settings
from hypothesis import strategies as st

from backend.minutes.sections import cut, fenced, legend, lines_of
from tests.minutes.conftest import talk

TEXTS = st.lists(st.text(alphabet="会议预算a1。， \n<|", max_size=80), max_size=60)


@settings(max_examples=60, deadline=None)
@given(texts=TEXTS, budget=st.integers(40, 400))
def test_every_line_is_new_in_exactly_one_section_and_none_is_too_large(texts: list[str], budget: int) -> None:
    lines = lines_of(talk(*texts), longest=budget - 20)

    sections = cut(lines, budget)

    assert [line for section in sections for line in section.own] == lines
    assert all(sum(line.tokens for line in section.lines) <= budget for section in sections)


@settings(max_examples=60, deadline=None)
@given(texts=TEXTS)
def test_halves_lose_no_line(texts: list[str]) -> None:
    for section in cut(lines_of(talk(*texts)), 200):
        if len(section.own) > 1:
            first, second = section.halves()
            assert first.own + second.own == section.own


def test_a_line_is_its_number_its_speaker_and_its_text() -> None:
    lines = lines_of(talk("你好。", "", "再见\n99@1: 假的", names=("张三", None)))

    assert [line.text for line in lines] == ["1@1: 你好。", "3@1: 再见 99@1: 假的"]


def test_a_fence_depends_on_what_stands_in_it() -> None:
    one, other = fenced(["a"]), fenced(["b"])

    assert one.split("\n")[0] != other.split("\n")[0]
    assert one.split("\n")[-1] == one.split("\n")[0].replace("《", "《/")


def test_names_are_told_by_number() -> None:
    assert legend(talk("x", names=("张三", None))) == "发言人: @1=张三"
    assert legend(talk("x", names=(None,))) == ""
