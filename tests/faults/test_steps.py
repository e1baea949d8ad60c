"""No durable step without a test that kills the process right before it and right after it."""

from tests.faults.steps import PLACES, killed_at, places


def test_every_place_that_makes_something_last_is_known_with_its_steps() -> None:
    found = places()

    assert found.keys() == PLACES.keys()
    assert {place: steps - set(PLACES[place]) for place, steps in found.items() if steps - set(PLACES[place])} == {}


def test_at_every_durable_step_a_test_kills_before_it_and_after_it() -> None:
    steps = {step for steps in PLACES.values() for step in steps}

    assert {f"{moment}:{step}" for moment in ("before", "after") for step in steps} - killed_at() == set()
