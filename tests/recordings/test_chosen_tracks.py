"""Which audio tracks of a file are heard, and what FFmpeg's report tells of them."""

import pytest

from backend.recordings.ffmpeg_report import AudioTrack, FfmpegReport
from backend.recordings.mix import chosen_tracks


def track(index: int, language: str | None, *, default: bool = False, codec: str = "aac") -> AudioTrack:
    return AudioTrack(index, codec, 48_000, 2, language, default)


ENGLISH, CHINESE, FRENCH = track(0, "en", default=True), track(1, "zh"), track(2, "fr")


@pytest.mark.parametrize(
    ("tracks", "languages", "heard"),
    [
        ([ENGLISH, CHINESE, FRENCH], (), [ENGLISH]),
        ([ENGLISH, CHINESE, FRENCH], ("zh",), [CHINESE]),  # chosen, or the only one that the engine knows
        ([ENGLISH, CHINESE, FRENCH], ("zh", "en"), [ENGLISH]),
        ([ENGLISH, CHINESE, FRENCH], ("ja",), [ENGLISH]),
        ([CHINESE, FRENCH], (), [CHINESE]),  # no track is the default one
        ([CHINESE, track(3, "zh"), FRENCH], ("zh",), [CHINESE, track(3, "zh")]),
        ([track(0, None), CHINESE, FRENCH], ("fr",), [track(0, None), CHINESE, FRENCH]),  # recorders name no language
        ([track(0, "zh"), track(1, "zh")], ("en",), [track(0, "zh"), track(1, "zh")]),
        ([track(0, "en", default=True, codec="dts"), CHINESE], (), [CHINESE]),
    ],
)
def test_of_several_languages_one_is_heard(
    tracks: list[AudioTrack], languages: tuple[str, ...], heard: list[AudioTrack]
) -> None:
    assert heard == chosen_tracks(tracks, languages)


@pytest.mark.parametrize(
    ("named", "language"),
    [("(chi)", "zh"), ("(zh-CN)", "zh"), ("(zh Hans)", "zh hans"), ("(a)b)", "a)b"), ("(und)", None), ("", None)],
)
def test_a_track_is_found_whatever_its_language_is_called(named: str, language: str | None) -> None:
    report = FfmpegReport(60)

    report.header(f"  Stream #0:1[0x101]{named}: Audio: aac (LC), 48000 Hz, stereo, fltp, 69 kb/s (default)")

    assert [AudioTrack(1, "aac", 48_000, 2, language, default=True)] == report.tracks
