"""The list of mutants cannot rot: each still finds the text that it takes away, and tests that it is given to."""

import pytest

from tests.faults.mutants import MUTANTS, Mutant
from tests.serving import ROOT


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_what_a_mutant_takes_away_is_there_once(mutant: Mutant) -> None:
    assert (ROOT / mutant.file).read_text(encoding="utf-8").count(mutant.text) == 1
    assert mutant.text != mutant.instead
    assert all((ROOT / test.partition("::")[0]).is_file() for test in mutant.tests)


def test_there_are_forty_and_no_two_of_one_name() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 40
