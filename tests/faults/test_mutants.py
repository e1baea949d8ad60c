"""The list of mutants fits the code: each finds its text, and every safeguard is removed by one."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.faults.mutants import MUTANTS, Mutant
from tests.faults.steps import EXEMPT
from tests.serving import ROOT

#: Durable calls, the queue lock and the fences.
_SAFEGUARD = re.compile(r"(?<!def )\b(fsync|sync_folder|_lock_queue|_raise_if_fenced|_check_not_trashed)\(")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_text_of_a_mutant_is_in_its_file_once(mutant: Mutant) -> None:
    assert (ROOT / mutant.file).read_text(encoding="utf-8").count(mutant.text) == 1
    assert mutant.text != mutant.replacement
    assert all((ROOT / test.partition("::")[0]).is_file() for test in mutant.tests)


def test_there_are_at_least_forty_mutants_with_different_names() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 40


def test_every_safeguard_is_removed_by_a_mutant() -> None:
    removed = {place for mutant in MUTANTS for place in _removed_lines(mutant)}

    assert [place for place in _safeguards() if place not in removed] == []


def _safeguards() -> Iterator[tuple[str, int, str]]:
    for path in sorted((ROOT / "backend").rglob("*.py")):
        file = path.relative_to(ROOT).as_posix()
        if file.removeprefix("backend/") not in EXEMPT or file == "backend/durable.py":
            for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
                if _SAFEGUARD.search(line):
                    yield file, number, line.strip()


def _removed_lines(mutant: Mutant) -> Iterator[tuple[str, int, str]]:
    """The lines that the mutant changes."""
    text = (ROOT / mutant.file).read_text(encoding="utf-8")
    at = text.index(mutant.text)
    after = at + len(mutant.text)
    begin, end = text.rfind("\n", 0, at) + 1, text.index("\n", after - 1)
    now = Counter(_lines(text[begin:at] + mutant.replacement + text[after:end]))
    for number, line in enumerate(_lines(text[begin:end]), text.count("\n", 0, begin) + 1):
        if not now[line]:
            yield mutant.file, number, line
        now[line] -= 1


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n")]
