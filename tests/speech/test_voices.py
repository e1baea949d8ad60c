"""Where a voice is alone, and what is written of it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.speech.types import Diarization, Turn
from backend.speech.voices import Voice, spans_alone, voices_from_json, voices_of, voices_to_json

TURNS = st.lists(
    st.builds(
        lambda voice, start, length: Turn(voice, start / 4, (start + length) / 4),
        st.sampled_from("ABC"),
        st.integers(0, 40),
        st.integers(0, 12),
    ),
    max_size=12,
)


@given(TURNS)
def test_a_voice_is_alone_exactly_where_it_speaks_and_no_other_does(turns: list[Turn]) -> None:
    alone = spans_alone(turns)

    for quarter in range(60):
        moment = quarter / 4 + 0.125
        speaking = {turn.voice for turn in turns if turn.start < moment < turn.end}
        found = {voice for voice, spans in alone.items() for start, end in spans if start < moment < end}
        assert found == (speaking if len(speaking) == 1 else set())


def test_turns_that_follow_each_other_without_a_gap_are_one_span() -> None:
    alone = spans_alone([Turn("A", 0.0, 2.0), Turn("A", 2.0, 3.0), Turn("B", 3.0, 5.0), Turn("A", 4.0, 6.0)])

    assert alone == {"A": [(0.0, 3.0), (5.0, 6.0)], "B": [(3.0, 4.0)]}


@pytest.mark.parametrize("vector", [(0.0, 0.0), (float("nan"), 1.0), (float("inf"), 1.0), ()])
def test_a_voice_without_a_usable_vector_is_left_out(vector: tuple[float, ...]) -> None:
    assert voices_of(Diarization((Turn("A", 0.0, 5.0),), (), {"A": vector})) == []


def test_a_voice_that_is_never_alone_is_left_out() -> None:
    turns = (Turn("A", 0.0, 5.0), Turn("B", 1.0, 2.0))

    voices = voices_of(Diarization(turns, (), {"A": (1.0, 0.0), "B": (0.0, 1.0), "C": (1.0, 1.0)}))

    assert [(voice.label, voice.seconds) for voice in voices] == [("A", 4.0)]


def test_voices_are_read_as_they_were_written() -> None:
    voices = [Voice("A", (0.25, -1.5), ((0.5, 2.0), (3.0, 4.125)))]

    written = json.loads(json.dumps(voices_to_json("pyannote-3.1", voices), allow_nan=False))

    assert voices_from_json(written) == ("pyannote-3.1", voices)
    assert written["voices"][0]["seconds"] == 2.625
