"""Voice messages of WeChat and QQ: heard whole, whatever they are called, and damaged ones with a warning."""

from pathlib import Path

import numpy
import pytest

from backend.errors import AppError
from backend.recordings import child, silk
from backend.recordings.probe import probe
from tests.recordings.conftest import wav
from tests.recordings.normalizer import Normalizer, error_code, write
from tests.recordings.silk_files import silk_file, silk_of_long_packets


def loudness(normalizer: Normalizer) -> float:
    return float(numpy.sqrt(numpy.mean(numpy.square(numpy.array(normalizer.samples(), dtype=float)))))


@pytest.mark.parametrize("wechat", [True, False])
async def test_a_voice_message_is_heard_whole(normalizer: Normalizer, tmp_path: Path, wechat: bool) -> None:
    source = write(tmp_path / "voice.amr", silk_file(3.0, wechat=wechat))  # so WeChat calls it on Android

    normalized = await normalizer.normalize(source)

    assert (await probe(source)).duration == pytest.approx(3.0, abs=0.021)
    assert normalized.duration == pytest.approx(3.0, abs=0.05)
    assert normalized.warnings == ()
    assert loudness(normalizer) > 3000
    assert ["listen.m4a", "speech.wav"] == normalizer.files()


@pytest.mark.parametrize("milliseconds", [40, 60, 100])
async def test_packets_of_several_frames_are_decoded_whole(
    normalizer: Normalizer, tmp_path: Path, milliseconds: int
) -> None:
    normalized = await normalizer.normalize(write(tmp_path / "a.silk", silk_of_long_packets(3.0, milliseconds)))

    assert (normalized.duration, normalized.warnings) == (pytest.approx(3.0, abs=0.05), ())
    assert loudness(normalizer) > 3000


async def test_voice_messages_and_other_files_become_one_recording(normalizer: Normalizer, tmp_path: Path) -> None:
    sources = [write(tmp_path / "1.silk", silk_file(1)), write(tmp_path / "2.wav", wav(2))]

    normalized = await normalizer.normalize(sources[0], more_sources=[*sources[1:], sources[0]])

    assert normalized.duration == pytest.approx(4.0, abs=0.1)


@pytest.mark.shared
async def test_the_voice_message_of_the_cases_has_its_23_seconds(normalizer: Normalizer, shared: Path) -> None:
    source = shared / "cases" / "wechat-voice.silk"
    if not source.is_file():
        pytest.skip("the shared folder has no cases")

    normalized = await normalizer.normalize(source)

    assert (normalized.duration, normalized.warnings) == (pytest.approx(23.08, abs=0.02), ())


async def test_a_voice_message_that_was_cut_off_is_heard_with_a_warning(normalizer: Normalizer, tmp_path: Path) -> None:
    whole = silk_file(4.0)

    normalized = await normalizer.normalize(write(tmp_path / "a.silk", whole[: len(whole) // 2]))

    assert normalized.warnings == ("media_damaged",)
    assert 1.5 < normalized.duration < 2.5


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\x02#!SILK_V3", "too_short"),
        (b"#!SILK_V3\xff\xff", "too_short"),
        (b"#!SILK_V3\xfe\xff" + b"x" * 3000, "media_damaged"),
        (b"\x02#!SILK_V3" + b"\x10\x00" + b"x", "media_damaged"),
        (b"\x02#!SILK_V3" + silk_file(0.1)[10:], "too_short"),
    ],
)
async def test_a_voice_message_without_audio_is_refused(
    normalizer: Normalizer, tmp_path: Path, content: bytes, code: str
) -> None:
    assert code == await error_code(normalizer, write(tmp_path / "a.silk", content))
    assert [] == normalizer.files()


async def test_noise_in_place_of_packets_ends_with_an_answer(tmp_path: Path) -> None:
    draw = numpy.random.default_rng(1)
    for size in (3, 40, 200, 1250):
        packets = [size.to_bytes(2, "little") + draw.bytes(size) for _ in range(50)]
        source = write(tmp_path / "a.silk", b"\x02#!SILK_V3" + b"".join(packets))

        try:
            heard = await silk.read_silk(source, max_seconds=3600)
        except AppError as error:
            assert error.code == "media_damaged"  # noqa: PT017  (either is right)
        else:
            assert heard.seconds >= 1.0


async def test_a_voice_message_over_the_limit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AppError) as raised:
        await probe(write(tmp_path / "a.silk", silk_file(6)), max_seconds=4)

    assert raised.value.code == "too_long"


@pytest.mark.parametrize(
    ("code", "errors", "expected"),
    [(-9, "", "decoder_killed"), (-11, "", "media_damaged"), (1, "Traceback", "decoder_broken")],
)
async def test_the_error_depends_on_how_the_decoder_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, errors: str, expected: str
) -> None:
    async def ends(*_: object, **__: object) -> child.Outcome:
        return child.Outcome(code, errors)

    monkeypatch.setattr(child, "run", ends)

    with pytest.raises(AppError) as raised:
        await silk.read_silk(write(tmp_path / "a.silk", silk_file(1)), max_seconds=60)

    assert raised.value.code == expected


async def test_without_the_package_the_decoder_is_reported_and_not_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(silk.importlib.util, "find_spec", lambda _name: None)

    with pytest.raises(AppError) as raised:
        await probe(write(tmp_path / "a.silk", silk_file(1)))

    assert raised.value.code == "decoder_broken"
