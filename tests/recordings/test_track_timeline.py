"""Blocks of samples stand at their times: gaps are silent, and wrong timestamps move nothing."""

import numpy
import pytest

from backend.recordings.mix_plan import TrackFormat
from backend.recordings.track_timeline import TrackTimeline

RATE = 1000


def heard(times: list[float], *, clocked: bool = True, zero: float = 0.0, longest_gap: float = 3600.0) -> list[float]:
    """The seconds at which blocks of half a second are heard that have these timestamps."""
    track = TrackFormat(RATE, 2, clocked=clocked, zero=zero, longest_gap=longest_gap, longest_delay=3600.0)
    blocks = [(time, numpy.full((500, 2), number + 1, "<i2").tobytes()) for number, time in enumerate(times)]
    timeline = TrackTimeline(blocks, track)
    samples = timeline.take(timeline.fill(10**7))[:, 0]
    assert timeline.decoded + timeline.silence == len(samples)
    return [float((samples == number + 1).argmax() / RATE) for number in range(len(times))]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([0.0, 0.5, 1.0], [0.0, 0.5, 1.0]),
        ([1.5, 2.0], [1.5, 2.0]),  # a late start
        ([0.0, 2.0], [0.0, 2.0]),  # a gap
        ([0.0, 0.56, 1.12, 1.68], [0.0, 0.5, 1.12, 1.62]),  # small gaps do not add up
        ([0.0, 0.5, 0.0, 0.5], [0.0, 0.5, 1.0, 1.5]),  # the clock jumps back
        ([0.0, 0.5, 0.501, 0.502, 3.0], [0.0, 0.5, 1.0, 1.5, 3.898]),  # it stands still, then there is a gap
        ([0.0, 9999.0, 9999.5], [0.0, 0.5, 1.0]),  # it jumps too far ahead
    ],
)
def test_a_block_is_heard_at_its_time(times: list[float], expected: list[float]) -> None:
    assert expected == pytest.approx(heard(times), abs=0.11)


def test_a_clock_may_start_anywhere() -> None:
    assert [0.0, 0.5] == heard([50_000.0, 50_000.5], zero=50_000.0)


def test_what_lies_before_the_start_is_not_heard() -> None:
    assert [0.0, 0.4] == pytest.approx(heard([-0.1, 0.4]), abs=0.001)


def test_times_derived_from_packets_count_only_where_some_are_missing() -> None:
    assert [0.0, 0.5, 1.0, 2.55] == pytest.approx(heard([0.0, 0.55, 1.1, 2.65], clocked=False), abs=0.01)


def test_a_jump_of_a_broadcast_is_no_gap() -> None:
    assert [0.0, 0.5] == heard([0.0, 30.0], longest_gap=10.0)


def test_what_comes_behind_a_pause_is_heard_later() -> None:
    track = TrackFormat(
        RATE, 1, clocked=True, zero=0.0, longest_gap=3600.0, longest_delay=3600.0, pauses=[(0.2, 0.3), (0.7, 1.0)]
    )
    blocks = [(time, numpy.full((500, 1), 1, "<i2").tobytes()) for time in (0.0, 0.5, 1.0)]
    timeline = TrackTimeline(blocks, track)

    samples = timeline.take(timeline.fill(10**7))[:, 0]

    assert [0, 800, 2300] == [0, *(numpy.flatnonzero(numpy.diff(samples) == 1) + 1)]
    assert (1500, 1300) == (timeline.decoded, timeline.silence)
