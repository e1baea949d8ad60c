"""Thoughts in all marks are removed, in whole answers and in streams of any pieces."""

import pytest

from backend.engines.reasoning_marks import ReasoningFilter, strip_reasoning

MARKED = [
    "<think>t</think>晴",
    "<Thinking>t</THINKING>晴",
    "<thought>t</thought>晴",
    "[THINK]t[/THINK]晴",
    "<seed:think>t</seed:think>晴",
    "◁think▷t◁/think▷晴",
    "<|begin_of_thought|>t<|end_of_thought|><|begin_of_solution|>晴<|end_of_solution|>",
    "<|channel|>analysis<|message|>t<|end|><|start|>assistant<|channel|>final<|message|>晴<|return|>",
    "<|channel>thought\nt<channel|>晴",
    "<unused94>t<unused95>晴",
    "<think>t</think><answer>晴</answer>",
]


def heard(text: str, size: int, *, begins_in_thoughts: bool = False) -> str:
    reasoning = ReasoningFilter(begins_in_thoughts=begins_in_thoughts)
    pieces = [reasoning.feed(text[at : at + size]) for at in range(0, len(text), size)]
    return "".join([*pieces, reasoning.end()])


@pytest.mark.parametrize("text", MARKED)
def test_thoughts_are_removed_whatever_the_pieces(text: str) -> None:
    assert strip_reasoning(text) == "晴"
    for size in (1, 2, 3, 7, 100):
        assert heard(text, size) == "晴"


def test_text_with_brackets_is_kept() -> None:
    text = "a < b [1] <b> [th] <| x |>"

    for size in (1, 3, 100):
        assert heard(text, size) == text


def test_thoughts_that_only_end_with_a_mark_are_removed_once_that_is_known() -> None:
    reasoning = ReasoningFilter()
    reasoning.feed("先想想")
    reasoning.feed("</think>晴")

    assert reasoning.unmarked
    assert strip_reasoning("先想想</think>晴") == "晴"
    assert heard("先想想</think>晴", 2, begins_in_thoughts=True) == "晴"
    assert heard("没有想，晴", 2, begins_in_thoughts=True) == "没有想，晴"
