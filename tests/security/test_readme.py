"""The README of this folder is complete, and the tests it names exist."""

import re
from collections import Counter
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TEXT = (HERE / "README.md").read_text(encoding="utf-8")
_THREATS, _ASVS = (TEXT.partition("## OWASP ASVS")[index] for index in (0, 2))
_ID = re.compile(r"`([\w/]+\.py)::(test_\w+)`")


def rows(part: str) -> dict[str, str]:
    """The text for each number; several numbers may share a row."""
    found: dict[str, str] = {}
    for line in part.splitlines():
        if cells := re.match(r"\| ([\d., ]+) \| (.+) \|$", line):
            for number in re.split(r"[, ]+", cells[1]):
                assert number not in found, f"{number} is listed twice"
                found[number] = cells[2]
    return found


def test_each_of_the_sixty_threats_has_a_test_or_a_reason() -> None:
    threats = rows(_THREATS)

    assert list(threats) == [str(number) for number in range(1, 61)]
    assert [number for number, text in threats.items() if not _ID.search(text) and "Reason:" not in text] == []


def test_each_requirement_of_the_first_two_levels_is_answered_once() -> None:
    listed = [line.split() for line in (HERE / "asvs.txt").read_text().splitlines() if not line.startswith("#")]
    answers = rows(_ASVS)

    assert Counter(level for _, level in listed) == {"1": 70, "2": 183}
    assert sorted(answers) == sorted(number for number, _ in listed)


def test_every_answer_is_a_test_a_threat_or_a_reason() -> None:
    answers = {number: text.rpartition(" | ")[2] for number, text in rows(_ASVS).items()}

    vague = {
        number: text
        for number, text in answers.items()
        if not _ID.search(text) and not re.match(r"#\d|n/a: |by design: |open: ", text)
    }
    assert vague == {}
    assert {int(number) for text in answers.values() for number in re.findall(r"#(\d+)", text)} <= set(range(1, 61))


@pytest.mark.parametrize(("file", "test"), sorted(set(_ID.findall(TEXT))))
def test_every_named_test_exists(file: str, test: str) -> None:
    code = (HERE.parent / file).read_text(encoding="utf-8")

    assert re.search(rf"^\s*(async )?def {test}\(", code, re.MULTILINE)
