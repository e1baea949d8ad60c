"""Profiles: the same to the bit whatever the order, and as before once a sample is gone."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.people.vectors import Heard, cosine, from_text, profile, to_text, unit, weighted_mean

NUMBERS = st.floats(-10, 10, width=32).filter(lambda value: abs(value) > 1e-3)
SAMPLES = st.lists(
    st.tuples(
        st.sampled_from(["monday", "tuesday", "friday"]),
        st.builds(
            lambda vector, seconds: Heard(unit(vector) or (1.0, 0.0, 0.0), seconds),
            st.tuples(NUMBERS, NUMBERS, NUMBERS),
            st.floats(0.5, 600),
        ),
    ),
    min_size=1,
    max_size=8,
)


@given(SAMPLES, st.randoms(use_true_random=False))
def test_a_profile_does_not_depend_on_the_order_of_its_samples(
    samples: list[tuple[str, Heard]], shuffle: random.Random
) -> None:
    shuffled = samples.copy()
    shuffle.shuffle(shuffled)

    assert profile(samples) == profile(shuffled)


@given(SAMPLES, SAMPLES)
def test_a_profile_is_what_it_was_once_samples_are_taken_out_again(
    samples: list[tuple[str, Heard]], more: list[tuple[str, Heard]]
) -> None:
    before = profile(samples)

    together = samples + more
    for one in more:
        together.remove(one)

    assert profile(together) == before


def test_each_recording_weighs_the_same_in_a_profile() -> None:
    east, north = Heard((1.0, 0.0), 3600.0), Heard((0.0, 1.0), 10.0)

    found = profile([("a", east), ("b", north)])

    assert found is not None
    assert found.vector == pytest.approx((math.sqrt(0.5), math.sqrt(0.5)))
    assert found.seconds == 3610.0


def test_within_a_recording_the_longer_voice_weighs_more() -> None:
    found = weighted_mean([Heard((1.0, 0.0), 30.0), Heard((0.0, 1.0), 10.0)])

    assert found is not None
    assert found.vector == pytest.approx((3 / math.sqrt(10), 1 / math.sqrt(10)))


@pytest.mark.parametrize("vector", [(), (0.0, 0.0), (float("nan"), 1.0), (float("inf"), 1.0)])
def test_a_vector_without_a_direction_has_no_unit(vector: tuple[float, ...]) -> None:
    assert unit(vector) is None


def test_vectors_of_different_dimensions_are_not_alike() -> None:
    assert cosine((1.0, 0.0), (1.0, 0.0, 0.0)) == -1.0
    assert weighted_mean([Heard((1.0, 0.0), 1.0), Heard((1.0, 0.0, 0.0), 1.0)]) is None


def test_opposite_voices_have_no_mean() -> None:
    assert profile([("a", Heard((1.0, 0.0), 1.0)), ("b", Heard((-1.0, 0.0), 1.0))]) is None


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=20))
def test_a_vector_of_32_bit_floats_is_read_as_it_was_written(vector: list[float]) -> None:
    assert from_text(to_text(vector)) == tuple(vector)


@pytest.mark.parametrize("text", ["!", "AAA", "AAAA"])
def test_what_is_no_vector_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_text(text)
