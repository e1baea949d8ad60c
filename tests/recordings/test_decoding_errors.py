"""Which of FFmpeg's messages tell of lost audio."""

import pytest

from backend.recordings.decoding_errors import decoding_errors

LESS_THAN_A_SAMPLE = "[pcm_s24le @ 0x5631] Invalid PCM packet, data has size 1 but at least a size of 3 was expected"
INVALID = (
    "Error while decoding stream #0:0: Invalid data found when processing input",
    "[aist#0:0/pcm_s24le @ 0x55d4] [dec:pcm_s24le @ 0x55d4] Decoding error: Invalid data found when processing input",
)


def of(track: str, *messages: str) -> list[str]:
    return [f"track {track} {message}" for message in messages]


@pytest.mark.parametrize("invalid", INVALID)
def test_padding_behind_the_last_sample_is_no_lost_audio(invalid: str) -> None:
    assert decoding_errors(of("0.0", LESS_THAN_A_SAMPLE, invalid)) == []


@pytest.mark.parametrize("invalid", INVALID)
def test_more_than_the_end_of_a_track_is_lost_audio(invalid: str) -> None:
    broken = of("0.0", LESS_THAN_A_SAMPLE, invalid, LESS_THAN_A_SAMPLE, invalid)
    other = of("0.1", invalid)
    again = of("0.0", invalid)

    assert decoding_errors(broken) == broken
    assert decoding_errors([*of("0.0", LESS_THAN_A_SAMPLE, invalid), *other, *again]) == other + again


def test_pictures_are_no_lost_audio() -> None:
    assert decoding_errors(of("0.0", "[h264 @ 0x1] Codec (h264) not on whitelist 'aac,ac3'")) == []


def test_an_empty_packet_is_no_lost_audio() -> None:
    empty = "Error while decoding stream #0:1: Invalid argument"
    broken = "[aac @ 0x1] channel element 0.5 is not allocated"

    assert decoding_errors(of("0.0", empty, empty)) == []
    assert decoding_errors(of("0.0", broken, empty)) == of("0.0", broken)
