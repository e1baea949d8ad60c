"""A legal text that takes quadratic time would hold an export's seat for minutes."""

import sys
from collections.abc import Callable

import pytest

from backend.speech.types import Segment, Word
from backend.transcripts.document import Document, Speaker
from backend.transcripts.export import export
from backend.transcripts.export_style import ExportStyle
from backend.transcripts.pdf_layout import break_lines
from backend.transcripts.script import Script

#: Long words, runs of opening and closing marks, numbers, combining characters, spaces.
HOSTILE = [
    "a",
    "好",
    "（",
    "。",
    "“",
    "9",
    "三百",
    "博客",
    "打印机",
    "亿",
    "1.",
    "\u0301",
    "a ",
    "a，",
    "百分之",
    "一点",
    "$",
    "（a",
    "’",
]
STYLES = [
    ExportStyle(),
    ExportStyle(punctuation=False, written_numbers=True, script=Script.TRADITIONAL),
    ExportStyle(written_numbers=True, script=Script.TAIWAN, protected=("博客们",)),
]


def calls_of(work: Callable[[], object]) -> int:
    """How many calls the work makes: a measure of its time that is the same on every machine."""
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    work()  # what is imported and cached once does not count
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def exported(text: str, format: str, style: ExportStyle) -> Callable[[], object]:
    words = tuple(Word(character, 0.0, 1.0) for character in f"好{text}好")
    segment = Segment("a", 0.0, 1.0, f"好{text}好", words, speaker="S1")
    return lambda: export(Document(1.0, (Speaker("S1"),), (segment,)), format, "周会", style)


@pytest.mark.parametrize("repeated", HOSTILE)
@pytest.mark.parametrize("format", ["md", "srt", "csv"])
def test_a_text_three_times_as_long_is_exported_in_about_three_times_the_time(repeated: str, format: str) -> None:
    for style in STYLES:
        short, long = (calls_of(exported(repeated * length, format, style)) for length in (200, 600))

        assert long < 5 * short


@pytest.mark.parametrize("repeated", HOSTILE)
def test_lines_of_a_pdf_are_broken_in_linear_time(repeated: str) -> None:
    def measured(length: int) -> int:
        count = 0

        def measure(text: str) -> float:
            nonlocal count
            count += len(text)
            return float(len(text))

        list(break_lines(repeated * length, 50.0, measure))
        return count

    assert measured(600) < 3.5 * measured(200)
