"""Every durable step has tests that kill the process right before and right after it."""

from tests.faults.steps import STEPS_OF, covered_crash_points, functions_with_steps


def test_every_function_with_durable_steps_is_listed() -> None:
    found = functions_with_steps()

    assert found.keys() == STEPS_OF.keys()
    assert {place: steps - set(STEPS_OF[place]) for place, steps in found.items() if steps - set(STEPS_OF[place])} == {}


def test_a_test_kills_before_and_after_every_durable_step() -> None:
    steps = {step for steps in STEPS_OF.values() for step in steps}

    assert {f"{moment}:{step}" for moment in ("before", "after") for step in steps} - covered_crash_points() == set()
