"""A stream whose channels, rate or clock change keeps its time: what was said before and after is heard when it was."""

from dataclasses import replace
from pathlib import Path

import pytest

from backend.recordings.container_length import container_length
from backend.recordings.media import Normalized
from backend.recordings.probe import probe
from tests.recordings.bursts import SECONDS, Burst, bursts_wav, onset
from tests.recordings.conftest import wav, wav_of
from tests.recordings.normalizer import PICTURE, TONE, Make, Normalizer, write

FIRST, SECOND = Burst(0.5, 0), Burst(1.5, 0)

#: Suffix, codec, then rate and channels before and after.
CHANGES = {
    "channels in ADTS": ("aac", "aac", (48_000, 1), (48_000, 2)),
    "fewer channels in ADTS": ("aac", "aac", (48_000, 2), (48_000, 1)),
    "rate in ADTS": ("aac", "aac", (44_100, 1), (48_000, 1)),
    "rate in MP3": ("mp3", "libmp3lame", (44_100, 1), (48_000, 1)),
    "a lower rate in MP3": ("mp3", "libmp3lame", (48_000, 2), (32_000, 1)),
    "channels in AC-3": ("ac3", "ac3", (48_000, 2), (48_000, 6)),
    "channels in a transport stream": ("ts", "aac", (48_000, 1), (48_000, 2)),
    "rate in a transport stream": ("ts", "mp2", (44_100, 1), (48_000, 1)),
    "nothing in chained Ogg": ("ogg", "libvorbis", (48_000, 2), (48_000, 2)),
    "nothing in chained Opus": ("opus", "libopus", (48_000, 1), (48_000, 1)),
    "channels in chained Ogg": ("ogg", "libvorbis", (48_000, 1), (48_000, 2)),
    "rate in chained Ogg": ("ogg", "libvorbis", (44_100, 2), (48_000, 2)),
    "everything in chained Ogg": ("oga", "flac", (16_000, 1), (44_100, 2)),
    "channels in chained Opus": ("opus", "libopus", (48_000, 1), (48_000, 2)),
    "everything in joined WAV files": ("wav", "pcm_s16le", (16_000, 1), (48_000, 2)),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_time_goes_on_where_a_stream_changes(
    normalizer: Normalizer, tmp_path: Path, make: Make, change: str
) -> None:
    suffix, codec, *formats = CHANGES[change]
    pieces = []
    for number, (rate, channels) in enumerate(formats):
        content = bursts_wav([FIRST, Burst(SECOND.time, channels - 1)], rate=rate, channels=channels)
        source = write(tmp_path / f"{number}.wav", content)
        options = ("-write_xing", "0") if suffix == "mp3" else ()
        piece = make(tmp_path / f"{number}-piece.{suffix}", "-i", str(source), "-c:a", codec, *options)
        pieces.append(piece.read_bytes())

    normalized = await normalizer.normalize(write(tmp_path / f"joined.{suffix}", b"".join(pieces)))

    expected = [start + burst.time for start in (0, SECONDS) for burst in (FIRST, SECOND)]
    late = [round(onset(normalizer, time), 3) for time in expected]
    assert max(late) <= 0.12, late
    assert normalized.duration == pytest.approx(2 * SECONDS, abs=0.2)
    assert "times_uncertain" not in normalized.warnings


async def test_a_wav_whose_length_has_wrapped_is_heard_to_its_end(normalizer: Normalizer, tmp_path: Path) -> None:
    content = bytearray(bursts_wav([FIRST, SECOND], rate=16_000, channels=1))
    content[40:44] = (16_000).to_bytes(4, "little")

    normalized = await normalizer.normalize(write(tmp_path / "a.wav", bytes(content)))

    assert Normalized(SECONDS, ()) == normalized
    assert onset(normalizer, SECOND.time) <= 0.01


@pytest.mark.parametrize("length", [0, 0xFFFFFFFF, 0x7FFFFFFF])
async def test_an_unknown_length_in_a_wav_is_no_damage(normalizer: Normalizer, tmp_path: Path, length: int) -> None:
    content = bytearray(wav(1))
    content[40:44] = length.to_bytes(4, "little")

    assert Normalized(1.0, ()) == await normalizer.normalize(write(tmp_path / "a.wav", bytes(content)))


async def test_chunks_after_the_audio_of_a_wav_are_not_heard(normalizer: Normalizer, tmp_path: Path) -> None:
    content = wav(1) + b"LIST" + (4000).to_bytes(4, "little") + b"INFO" + b"\x55" * 3996

    assert Normalized(1.0, ()) == await normalizer.normalize(write(tmp_path / "a.wav", content))


@pytest.mark.parametrize(
    "suffix", ["wav", "w64", "aiff", "au", "caf", "avi", "mka", "mov", "wma", "ogg", "oga", "mp3", "flv", "ts"]
)
def test_bytes_that_a_container_promises_are_missed(tmp_path: Path, make: Make, suffix: str) -> None:
    picture = PICTURE if suffix == "avi" else ()
    codec = ("-c:a", "aac") if suffix == "flv" else ()
    whole = make(tmp_path / f"a.{suffix}", *picture, *TONE, *codec, "-ar", "44100").read_bytes()
    within_a_packet = len(whole) // 2 // 188 * 188 + 100  # more cannot be known of a transport stream

    assert 0 == container_length(write(tmp_path / "whole", whole)).missing
    assert container_length(write(tmp_path / "cut", whole[:-1000])).missing > 0
    assert container_length(write(tmp_path / "cut", whole[:within_a_packet])).missing > 0


@pytest.mark.parametrize("suffix", ["ogg", "mp3", "flv", "ts"])
def test_bytes_behind_the_end_of_a_stream_are_not_missed(tmp_path: Path, make: Make, suffix: str) -> None:
    codec = ("-c:a", "aac") if suffix == "flv" else ()
    whole = make(tmp_path / f"a.{suffix}", *TONE, *codec, "-ar", "44100").read_bytes()

    assert 0 == container_length(write(tmp_path / "longer", whole + b"TAG" + bytes(1000))).missing


async def test_a_chain_without_a_word_does_not_cost_the_recording(
    normalizer: Normalizer, tmp_path: Path, make: Make
) -> None:
    speech, jingle = [
        make(tmp_path / f"{seconds}.ogg", *TONE, "-t", seconds, "-c:a", "libvorbis").read_bytes()
        for seconds in ("2", "0.05")
    ]

    normalized = await normalizer.normalize(write(tmp_path / "a.ogg", speech + jingle))

    assert normalized.duration == pytest.approx(2.0, abs=0.1)


def test_a_radio_with_a_chain_for_each_title_is_read_in_one_go(tmp_path: Path, make: Make) -> None:
    title = make(tmp_path / "a.ogg", *TONE, "-c:a", "libvorbis").read_bytes()

    few = container_length(write(tmp_path / "few", 3 * title))
    many = container_length(write(tmp_path / "many", 300 * title))

    assert ((0, len(title), 2 * len(title)), True) == (few.starts, few.chained)
    assert ((0,), False) == (many.starts, many.chained)


async def test_a_late_start_and_a_clock_that_starts_elsewhere_are_no_damage(
    normalizer: Normalizer, tmp_path: Path, make: Make
) -> None:
    source = make(tmp_path / "a.mkv", *PICTURE, "-itsoffset", "0.9", *TONE, "-output_ts_offset", "50000", "-shortest")

    normalized = await normalizer.normalize(source, max_seconds=60)

    assert () == normalized.warnings
    assert max(normalizer.samples()[: 16_000 * 8 // 10]) < 50 < max(normalizer.samples()[16_000:])


async def test_more_audio_than_there_can_be_is_said(normalizer: Normalizer, tmp_path: Path) -> None:
    source = write(tmp_path / "a.wav", wav(4))
    probed = replace(await probe(source, ffmpeg=normalizer.ffmpeg), duration=2.0)

    normalized = await normalizer.normalize(source, probes=[probed])

    assert normalized.warnings == ("times_uncertain",)


async def test_an_unreadable_track_beside_a_readable_one_costs_a_warning(
    normalizer: Normalizer, tmp_path: Path, make: Make
) -> None:
    tracks = ("-map", "0", "-map", "0", "-c:a:0", "ac3", "-c:a:1", "pcm_s16le", "-ar", "48000")
    source = make(tmp_path / "a.mka", *TONE, *tracks)
    renamed = source.read_bytes().replace(b"A_AC3", b"A_DTS")  # only FFmpeg's experimental encoder writes real DTS

    normalized = await normalizer.normalize(write(source, renamed))

    assert (normalized.duration, normalized.warnings) == (pytest.approx(2.0, abs=0.02), ("track_unreadable",))
    assert normalized.unreadable == ("1 (dts)",)
    assert max(normalizer.samples()) > 1000


async def test_of_several_languages_the_default_track_is_heard(
    normalizer: Normalizer, tmp_path: Path, make: Make
) -> None:
    english = write(tmp_path / "0.wav", bursts_wav([FIRST], rate=16_000, channels=1))
    chinese = write(tmp_path / "1.wav", bursts_wav([SECOND], rate=16_000, channels=1))
    marks = ("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=chi", "-disposition:a:0", "0")
    source = make(
        *(tmp_path / "a.mka", "-i", str(english), "-i", str(chinese), "-map", "0", "-map", "1", *marks),
        *("-disposition:a:1", "default", "-c:a", "pcm_s16le"),
    )

    normalized = await normalizer.normalize(source)

    assert (("tracks_left_out",), ("zh", "en")) == (normalized.warnings, normalized.languages)
    assert (float("inf"), True) == (onset(normalizer, FIRST.time), onset(normalizer, SECOND.time) < 0.01)

    chosen = await normalizer.normalize(source, languages=("en",))

    assert (("tracks_left_out",), ("en", "zh")) == (chosen.warnings, chosen.languages)
    assert (True, float("inf")) == (onset(normalizer, FIRST.time) < 0.01, onset(normalizer, SECOND.time))


async def test_speech_on_separate_channels_names_its_channel(normalizer: Normalizer, tmp_path: Path) -> None:
    call = b"".join(
        bursts_wav(
            [Burst(0.2, channel), Burst(0.9, channel), Burst(1.6, channel), Burst(2.3, channel)], rate=8000, channels=2
        )[44:]
        for channel in (0, 1, 0, 1)
    )

    normalized = await normalizer.normalize(write(tmp_path / "call.wav", wav_of(call, rate=8000, channels=2)))

    turns = [(channel, round(start), round(end)) for channel, start, end in normalized.channel_turns]
    assert [("channel 1", 0, 3), ("channel 2", 3, 6), ("channel 1", 6, 9), ("channel 2", 9, 12)] == turns
