"""Speakers from channels: nobody is on two of them, and the diarizer tells apart who shares one."""

from backend.speech.channels import use_channels
from backend.speech.types import Diarization, Turn

CALL = [Turn("channel 1", 0, 20), Turn("channel 2", 20, 40), Turn("channel 1", 40, 60)]


def diarized(*turns: Turn) -> Diarization:
    return Diarization(turns=turns, exclusive=turns)


def speakers(diarization: Diarization) -> list[tuple[str, float, float]]:
    return [(turn.voice, turn.start, turn.end) for turn in diarization.exclusive]


def test_two_people_with_like_voices_are_told_apart_by_their_channels() -> None:
    found = use_channels(diarized(Turn("A", 0, 60)), CALL)

    assert [("channel 1", 0, 20), ("channel 2", 20, 40), ("channel 1", 40, 60)] == speakers(found)


def test_a_channel_on_which_the_diarizer_hears_one_voice_is_one_person() -> None:
    found = use_channels(diarized(Turn("A", 0, 19), Turn("B", 19, 41), Turn("A", 41, 60)), CALL)

    assert ["channel 1", "channel 2", "channel 1"] == [voice for voice, _, _ in speakers(found)]


def test_two_people_who_share_a_channel_stay_two() -> None:
    found = use_channels(diarized(Turn("A", 0, 10), Turn("B", 10, 20), Turn("C", 20, 40), Turn("A", 40, 60)), CALL)

    assert [
        ("channel 1, A", 0, 10),
        ("channel 1, B", 10, 20),
        ("channel 2", 20, 40),
        ("channel 1, A", 40, 60),
    ] == speakers(found)


def test_where_both_speak_the_turns_overlap_and_the_exclusive_ones_do_not() -> None:
    found = use_channels(diarized(), [Turn("channel 1", 0, 10), Turn("channel 2", 8, 12)])

    assert [("channel 1", 0, 10), ("channel 2", 10, 12)] == speakers(found)
    assert [(0, 10), (8, 12)] == [(turn.start, turn.end) for turn in found.turns]
