"""The list of mutants cannot rot: each finds the text that it takes away, and none of what keeps a promise is left."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.faults.mutants import MUTANTS, Mutant
from tests.faults.steps import BESIDES
from tests.serving import ROOT

#: What makes something last, and what keeps two from being at the same thing.
_SAFEGUARD = re.compile(r"(?<!def )\b(fsync|sync_folder|_pass_gate|_must|_must_not_be_trashed)\(")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_what_a_mutant_takes_away_is_there_once(mutant: Mutant) -> None:
    assert (ROOT / mutant.file).read_text(encoding="utf-8").count(mutant.text) == 1
    assert mutant.text != mutant.instead
    assert all((ROOT / test.partition("::")[0]).is_file() for test in mutant.tests)


def test_there_are_forty_and_no_two_of_one_name() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 40


def test_every_fsync_gate_and_fence_is_taken_away_by_one() -> None:
    taken = {place for mutant in MUTANTS for place in _taken(mutant)}

    assert [place for place in _safeguards() if place not in taken] == []


def _safeguards() -> Iterator[tuple[str, int, str]]:
    for path in sorted((ROOT / "backend").rglob("*.py")):
        file = path.relative_to(ROOT).as_posix()
        if file.removeprefix("backend/") not in BESIDES or file == "backend/durable.py":
            for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
                if _SAFEGUARD.search(line):
                    yield file, number, line.strip()


def _taken(mutant: Mutant) -> Iterator[tuple[str, int, str]]:
    """The lines that are not what they were."""
    text = (ROOT / mutant.file).read_text(encoding="utf-8")
    at = text.index(mutant.text)
    after = at + len(mutant.text)
    begin, end = text.rfind("\n", 0, at) + 1, text.index("\n", after - 1)
    now = Counter(_lines(text[begin:at] + mutant.instead + text[after:end]))
    for number, line in enumerate(_lines(text[begin:end]), text.count("\n", 0, begin) + 1):
        if not now[line]:
            yield mutant.file, number, line
        now[line] -= 1


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n")]
