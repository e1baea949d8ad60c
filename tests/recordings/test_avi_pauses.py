"""Empty chunks of an AVI whose packets vary in length take their time, if its header counts them."""

import struct
from pathlib import Path

import pytest

from backend.recordings.avi_pauses import avi_pauses
from tests.recordings.bursts import Burst, bursts_wav, onset
from tests.recordings.normalizer import Make, Normalizer, write

ALIGNMENT = 1000
#: The packets of one stream: empty ones before the first, and after the third.
LENGTHS = (0, 0, 10, 20, 1000, 0, 10)


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def stream(kind: bytes, *, length: int, start: int = 0, sample_size: int = 0, alignment: int = ALIGNMENT) -> bytes:
    """The header of a stream in which a packet lasts a tenth of a second."""
    numbers = struct.pack("<8I", 0, 0, 0, 1, 10, start, length, 0)
    header = kind + b"----" + numbers + struct.pack("<II", 0, sample_size)
    return chunk(b"LIST", b"strl" + chunk(b"strh", header) + chunk(b"strf", bytes(12) + struct.pack("<H", alignment)))


def riff(name: bytes, *lists: bytes) -> bytes:
    return chunk(b"RIFF", name + b"".join(lists))


def movi(*lengths: int) -> bytes:
    packets = [chunk(b"00dc", b"picture") + chunk(b"01wb", bytes(length)) for length in lengths]
    return chunk(b"LIST", b"movi" + b"".join(packets))


def avi(sound: bytes, *lengths: int) -> bytes:
    headers = chunk(b"LIST", b"hdrl" + chunk(b"avih", bytes(56)) + stream(b"vids", length=1, alignment=1) + sound)
    return riff(b"AVI ", headers, movi(*lengths))


def pauses(path: Path, content: bytes) -> list[tuple[float, float]]:
    found = avi_pauses(write(path / "a.avi", content))
    return [(round(one.time, 3), round(one.seconds, 3)) for one in found.get(1, ())]


def test_a_pause_counts_from_the_middle_of_the_packet_before_it(tmp_path: Path) -> None:
    assert [(-0.05, 0.2), (0.25, 0.1)] == pauses(tmp_path, avi(stream(b"auds", length=7), *LENGTHS))
    assert [(0.45, 0.2), (0.75, 0.1)] == pauses(tmp_path, avi(stream(b"auds", length=7, start=5), *LENGTHS))


def test_a_packet_longer_than_the_alignment_lasts_several_units(tmp_path: Path) -> None:
    assert [(0.25, 0.1)] == pauses(tmp_path, avi(stream(b"auds", length=5), 10, 2 * ALIGNMENT, 0, 10))


def test_pauses_go_on_behind_the_first_gigabyte(tmp_path: Path) -> None:
    content = avi(stream(b"auds", length=7), 10, 0) + riff(b"AVIX", movi(10, 0, 10))

    assert [(0.05, 0.1), (0.15, 0.1)] == pauses(tmp_path, content)


@pytest.mark.parametrize(
    "sound",
    [
        stream(b"auds", length=4),  # its header counts the packets with content
        stream(b"auds", length=7, sample_size=2),  # its time is the number of bytes
        stream(b"auds", length=7, alignment=1),  # FFmpeg counts every packet
        stream(b"vids", length=7),
    ],
    ids=["not counted", "bytes", "counted by FFmpeg", "pictures"],
)
def test_other_empty_packets_are_no_pauses(tmp_path: Path, sound: bytes) -> None:
    assert [] == pauses(tmp_path, avi(sound, *LENGTHS))


def test_a_file_that_ends_anywhere_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    content = avi(stream(b"auds", length=7), 10, 0, 10)

    found = [pauses(tmp_path, content[:end]) for end in range(len(content))]

    assert [] == found[0]
    assert [(0.05, 0.1)] == found[-1]
    assert {} == avi_pauses(write(tmp_path / "a.wav", b"RIFF\x00\x00\x00\x00WAVE"))


@pytest.mark.slow
@pytest.mark.parametrize("codec", ["aac", "libmp3lame"])
async def test_words_behind_a_gap_are_heard_at_their_time(
    normalizer: Normalizer, tmp_path: Path, make: Make, codec: str
) -> None:
    words = write(tmp_path / "a.wav", bursts_wav([Burst(0.3, 0), Burst(1.1, 0)], rate=48_000, channels=1))
    picture = ("-f", "lavfi", "-i", "testsrc=duration=4:size=32x32:rate=25")
    gap = ("-af", "asetpts='PTS+gt(T,0.8)/TB'")
    streams = ("-i", str(words), "-map", "0", "-map", "1", "-c:v", "mpeg4", "-c:a", codec)
    source = make(tmp_path / "a.avi", *picture, *streams, *gap)

    normalized = await normalizer.normalize(source)

    assert sum(pause.seconds for pause in avi_pauses(source)[1]) == pytest.approx(1.0, abs=0.05)
    assert (normalized.duration, normalized.warnings) == (pytest.approx(4.0, abs=0.1), ())
    assert max(onset(normalizer, time) for time in (0.3, 2.1)) <= 0.08
