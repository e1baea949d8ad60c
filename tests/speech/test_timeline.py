from hypothesis import given
from hypothesis import strategies as st

from backend.speech.timeline import ActiveVoices, Turns
from backend.speech.types import Diarization, Turn
from tests.speech.talk import diarizations, turns

moments = st.floats(min_value=0, max_value=80, allow_nan=False)


def test_the_turn_with_most_of_a_word_decides() -> None:
    turns = Turns([Turn("A", 0, 1), Turn("B", 1, 2)])

    assert turns.voice(0.5, 1.2) == "A"
    assert turns.voice(0.9, 1.2) == "B"


def test_turns_of_one_voice_count_together() -> None:
    turns = Turns([Turn("A", 0, 1), Turn("B", 1, 2.5), Turn("A", 2.5, 4)])

    assert turns.voice(0, 4) == "A"


def test_the_nearest_turn_within_half_a_second_is_used() -> None:
    turns = Turns([Turn("A", 0, 1), Turn("B", 3, 4)])

    assert turns.voice(1.4, 1.6) == "A"
    assert turns.voice(2.4, 2.6) == "B"
    assert turns.voice(1.6, 2.4) is None
    assert turns.voice(4.6, 5.0) is None


def test_a_word_without_a_duration_belongs_to_the_turn_around_it() -> None:
    turns = Turns([Turn("A", 0, 1), Turn("B", 1.1, 2)])

    assert turns.voice(1.5, 1.5) == "B"
    assert turns.voice(0.5, 0.5) == "A"


def test_without_turns_there_is_no_voice() -> None:
    assert Turns([]).voice(0, 1) is None
    assert ActiveVoices([]).at(0.5) == frozenset()


@given(diarizations(), moments, st.floats(0, 5))
def test_shares_are_those_of_the_turns_one_by_one(diarization: Diarization, start: float, length: float) -> None:
    end = start + length
    expected: dict[str, float] = {}
    for turn in diarization.exclusive:
        seconds = min(turn.end, end) - max(turn.start, start)
        if seconds > 0:
            expected[turn.voice] = expected.get(turn.voice, 0) + seconds

    shares = Turns(diarization.exclusive).shares(start, end)

    assert shares.keys() == expected.keys()
    assert all(abs(shares[voice] - expected[voice]) < 1e-6 for voice in shares)


@given(turns(), moments)
def test_active_voices_are_those_of_all_current_turns(regular: tuple[Turn, ...], time: float) -> None:
    assert ActiveVoices(regular).at(time) == {turn.voice for turn in regular if turn.start <= time < turn.end}
