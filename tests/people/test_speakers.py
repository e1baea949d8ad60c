"""Which voice is which speaker of a transcript, however people have corrected it."""

import pytest

from backend.people.speakers import choose_clips, voices_of_speakers
from backend.speech.types import Segment
from backend.speech.voices import Voice

A = Voice("A", (2.0, 0.0), ((0.0, 10.0), (20.0, 30.0)))
B = Voice("B", (0.0, 3.0), ((10.0, 20.0),))


def segment(speaker: str | None, start: float, end: float) -> Segment:
    return Segment(f"p{start:g}", start, end, "说话", speaker=speaker)


def test_each_speaker_sounds_like_the_voice_that_speaks_in_their_segments() -> None:
    segments = [segment("S1", 0, 10), segment("S2", 10, 20), segment("S1", 20, 30)]

    found = voices_of_speakers(segments, [A, B])

    assert {id: one.heard.vector for id, one in found.items()} == {"S1": (1.0, 0.0), "S2": (0.0, 1.0)}
    assert {id: one.heard.seconds for id, one in found.items()} == {"S1": 20.0, "S2": 10.0}


def test_a_speaker_merged_from_two_voices_sounds_like_both() -> None:
    found = voices_of_speakers([segment("S1", 0, 30)], [A, B])

    assert found["S1"].heard.vector == pytest.approx((2 / 5**0.5, 1 / 5**0.5))
    assert found["S1"].heard.seconds == 30.0


def test_a_voice_taken_for_two_people_is_nobodys() -> None:
    found = voices_of_speakers([segment("S1", 0, 10), segment("S3", 20, 30)], [A])

    assert found == {}


def test_a_few_words_of_another_speaker_do_not_take_the_voice_away_but_are_in_no_clip() -> None:
    found = voices_of_speakers([segment("S1", 0, 10), segment("S1", 20, 27), segment("S2", 27, 30)], [A])

    assert list(found) == ["S1"]
    assert found["S1"].clips == ((2.0, 8.0),)


def test_a_voice_in_no_segment_is_nobodys() -> None:
    assert voices_of_speakers([segment(None, 0, 30)], [A, B]) == {}
    assert voices_of_speakers([], [A, B]) == {}


def test_clips_are_the_middles_of_the_longest_spans_in_the_order_of_time() -> None:
    spans = [(0.0, 2.0), (3.0, 13.0), (14.0, 14.5), (20.0, 24.0), (30.0, 31.5)]

    assert choose_clips(spans) == ((0.0, 2.0), (5.0, 11.0), (20.0, 24.0))


def test_a_voice_that_is_never_alone_for_a_second_has_no_clip() -> None:
    assert choose_clips([(0.0, 0.4), (5.0, 5.9)]) == ()
