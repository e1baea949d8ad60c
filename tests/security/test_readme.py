"""The README beside this file leaves nothing out, and what it names is there."""

import re
from collections import Counter
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TEXT = (HERE / "README.md").read_text(encoding="utf-8")
_SIXTY, _ASVS = (TEXT.partition("## OWASP ASVS")[index] for index in (0, 2))
_ID = re.compile(r"`([\w/]+\.py)::(test_\w+)`")


def rows(part: str) -> dict[str, str]:
    """What is said of each number; several numbers may share a row."""
    found: dict[str, str] = {}
    for line in part.splitlines():
        if cells := re.match(r"\| ([\d., ]+) \| (.+) \|$", line):
            for number in re.split(r"[, ]+", cells[1]):
                assert number not in found, f"{number} stands there twice"
                found[number] = cells[2]
    return found


def test_each_of_the_sixty_has_a_test_or_a_reason() -> None:
    told = rows(_SIXTY)

    assert list(told) == [str(number) for number in range(1, 61)]
    assert [number for number, said in told.items() if not _ID.search(said) and "Reason:" not in said] == []


def test_each_requirement_of_the_first_two_levels_is_answered_once() -> None:
    listed = [line.split() for line in (HERE / "asvs.txt").read_text().splitlines() if not line.startswith("#")]
    told = rows(_ASVS)

    assert Counter(level for _, level in listed) == {"1": 70, "2": 183}
    assert sorted(told) == sorted(number for number, _ in listed)


def test_every_answer_is_a_test_a_row_of_the_sixty_or_a_reason() -> None:
    answers = {number: said.rpartition(" | ")[2] for number, said in rows(_ASVS).items()}

    vague = {
        number: said
        for number, said in answers.items()
        if not _ID.search(said) and not re.match(r"#\d|n/a: |by design: |open: ", said)
    }
    assert vague == {}
    assert {int(number) for said in answers.values() for number in re.findall(r"#(\d+)", said)} <= set(range(1, 61))


@pytest.mark.parametrize(("file", "test"), sorted(set(_ID.findall(TEXT))))
def test_every_test_that_is_named_exists(file: str, test: str) -> None:
    code = (HERE.parent / file).read_text(encoding="utf-8")

    assert re.search(rf"^\s*(async )?def {test}\(", code, re.MULTILINE)
