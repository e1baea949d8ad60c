"""Whisper's adapter: windows, hallucinations and resuming with a planted model; the text of the real one."""

import json
import random
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import ctranslate2
import jiwer
import numpy as np
import pytest

from backend.engines.protocols import EngineContext, EngineError, TranscribeOptions
from backend.engines.wav_reader import RATE
from backend.engines.whisper import Whisper
from backend.speech.text import join, spoken_characters
from backend.speech.types import Sentence, sentence_to_json
from tests.engines.planted_whisper import Answer, Asked, PlantedWhisper, byte_tokenizer
from tests.engines.test_wav_reader import write

pytestmark = pytest.mark.shared

SPEECH = "我们先看一下这个季度的数字再决定要不要继续上次会议说好由财务部门整理报价并且在周五之前发给大家"

Engine = Callable[..., tuple[Whisper, PlantedWhisper]]


@pytest.fixture(scope="module")
def meeting(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty-two seconds of a talk between two people: two windows."""
    import imageio_ffmpeg

    wav = tmp_path_factory.mktemp("meeting") / "meeting.wav"
    source = shared / "audio" / "meetings" / "two-minutes.flac"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(source), "-t", "42", str(wav)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return wav


@pytest.fixture
def engine(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Makes an engine around a model that gives these answers."""

    def make(answer: Callable[[Asked], Answer], languages: list[str] | None = None) -> tuple[Whisper, PlantedWhisper]:
        models = tmp_path / "models"
        folder = models / "whisper-small"
        if not folder.exists():
            folder.mkdir(parents=True)
            (folder / "model.bin").write_bytes(b"planted")
            byte_tokenizer().save(str(folder / "tokenizer.json"))
            (models / "fsmn-vad").symlink_to(shared / "models" / "fsmn-vad")
        planted = PlantedWhisper(answer, byte_tokenizer(), languages or ["zh"])
        monkeypatch.setattr(ctranslate2.models, "Whisper", lambda *_, **__: planted)
        return Whisper(EngineContext(models)), planted

    return make


def _ignore(done: float, total: float, /) -> None:
    pass


def text_of(sentences: list[Sentence]) -> str:
    return "".join(spoken_characters(sentence.text) for sentence in sentences)


def test_words_are_complete_and_in_order(engine: Engine, meeting: Path) -> None:
    whisper, planted = engine(lambda _: Answer(SPEECH))

    sentences = whisper.transcribe(meeting, TranscribeOptions(), _ignore)

    assert SPEECH * len(planted.encoded) == text_of(sentences)
    assert 2 == len(planted.encoded)
    words = [word for sentence in sentences for word in sentence.words]
    assert all(before.end <= after.start for before, after in pairwise(words))
    assert all(spoken_characters(sentence.text) == spoken_characters(join(sentence.words)) for sentence in sentences)


def test_the_language_is_that_of_most_windows(engine: Engine, meeting: Path) -> None:
    whisper, planted = engine(lambda _: Answer("hello there, this is a test."), ["ja", "en"])
    whisper.transcribe(meeting, TranscribeOptions(language="en"), _ignore)
    assert {"en"} == {asked.language for asked in planted.asked}

    for languages, expected in ((["ja", "ja"], "ja"), (["zh", "zh"], "zh")):
        whisper, planted = engine(lambda _: Answer(SPEECH), languages)
        whisper.transcribe(meeting, TranscribeOptions(language="auto"), _ignore)
        assert {expected} == {asked.language for asked in planted.asked}


def test_where_no_language_is_probable_it_is_mandarin(engine: Engine, meeting: Path) -> None:
    whisper, planted = engine(lambda _: Answer(SPEECH), ["ja", "xx"])

    whisper.transcribe(meeting, TranscribeOptions(language="auto"), _ignore)

    assert {"zh"} == {asked.language for asked in planted.asked}


def test_every_sentence_has_the_language_it_was_recognised_in(engine: Engine, meeting: Path) -> None:
    whisper, _ = engine(lambda asked: Answer(SPEECH) if asked.window == 1 else Answer("x", 0.05), ["ja", "ja"])

    sentences = whisper.transcribe(meeting, TranscribeOptions(language="auto"), _ignore)

    assert {("unsure", None), (None, "ja")} == {(sentence.error, sentence.language) for sentence in sentences}


def test_the_first_windows_are_encoded_once(engine: Engine, meeting: Path) -> None:
    whisper, planted = engine(lambda _: Answer(SPEECH))

    whisper.transcribe(meeting, TranscribeOptions(language="auto"), _ignore)

    assert len(planted.encoded) == planted.encodings


def test_mandarin_comes_out_simplified_character_for_character(engine: Engine, meeting: Path) -> None:
    whisper, _ = engine(lambda _: Answer("這個會議討論預算與時間還有後續的計畫和頭髮" * 2))

    text = text_of(whisper.transcribe(meeting, TranscribeOptions(), _ignore))

    assert "这个会议讨论预算与时间还有后续的计画和头发" * 4 == text


def test_western_languages_have_their_own_marks(engine: Engine, meeting: Path) -> None:
    whisper, _ = engine(lambda _: Answer(" Hello. Oh, it's me! I am in New Jersey now, though."))

    sentences = whisper.transcribe(meeting, TranscribeOptions(language="en"), _ignore)

    assert {"Hello.", "Oh, it's me!", "I am in New Jersey now, though."} <= {sentence.text for sentence in sentences}


def test_a_model_that_parrots_its_hotwords_is_asked_again_without_them(engine: Engine, meeting: Path) -> None:
    hotwords = ("火山引擎", "王芳")
    whisper, _ = engine(lambda asked: Answer("火山引擎 王芳", 0.8) if asked.prompted else Answer(SPEECH))

    text = text_of(whisper.transcribe(meeting, TranscribeOptions(hotwords=hotwords), _ignore))

    assert SPEECH * 2 == text


def test_a_model_that_is_sure_of_nothing_gives_no_text_and_says_where(engine: Engine, meeting: Path) -> None:
    whisper, _ = engine(lambda _: Answer("我会把你带回来的", 0.05))

    sentences = whisper.transcribe(meeting, TranscribeOptions(), _ignore)

    assert "" == text_of(sentences)
    assert {"unsure"} == {sentence.error for sentence in sentences}
    assert sum(sentence.end - sentence.start for sentence in sentences) > 30


def test_one_bad_window_is_halved_and_costs_the_others_nothing(engine: Engine, meeting: Path) -> None:
    whisper, planted = engine(lambda asked: Answer("我会把你带回来的", 0.05) if asked.window == 0 else Answer(SPEECH))

    text = text_of(whisper.transcribe(meeting, TranscribeOptions(), _ignore))

    assert "带回来" not in text
    assert len(planted.encoded) > 2
    assert SPEECH * (len(planted.encoded) - 1) == text


def test_a_chunk_that_is_left_out_of_its_window_is_decoded_without_the_others(engine: Engine, meeting: Path) -> None:
    few = "好的"
    whisper, planted = engine(lambda asked: Answer(few if asked.window == 0 else SPEECH))

    sentences = whisper.transcribe(meeting, TranscribeOptions(), _ignore)

    assert few not in text_of(sentences)
    assert SPEECH * (len(planted.encoded) - 1) == text_of(sentences)


def test_text_in_a_window_without_speech_is_rejected(engine: Engine, meeting: Path) -> None:
    whisper, _ = engine(lambda _: Answer(SPEECH, no_speech=0.97))

    assert "" == text_of(whisper.transcribe(meeting, TranscribeOptions(), _ignore))


def test_a_window_of_improbable_tokens_is_decoded_again_without_alternatives(engine: Engine, meeting: Path) -> None:
    whisper, _ = engine(lambda asked: Answer(SPEECH) if asked.beam == 1 else Answer("我会把你带回来的", 0.05))

    assert SPEECH * 2 == text_of(whisper.transcribe(meeting, TranscribeOptions(), _ignore))


def test_where_nobody_speaks_the_model_is_not_asked(engine: Engine, tmp_path: Path) -> None:
    whisper, planted = engine(lambda _: Answer(SPEECH))
    noise = np.random.default_rng(7).normal(0.0, 0.01, 20 * RATE)
    quiet = write(tmp_path / "quiet.wav", np.concatenate([np.zeros(20 * RATE), noise]))

    assert [] == whisper.transcribe(quiet, TranscribeOptions(language="auto"), _ignore)
    assert 0 == planted.encodings


def test_speech_for_which_the_model_has_no_text_is_marked(engine: Engine, meeting: Path) -> None:
    whisper, _ = engine(lambda _: Answer(""))

    sentences = whisper.transcribe(meeting, TranscribeOptions(), _ignore)

    assert "" == text_of(sentences)
    assert sum(sentence.end - sentence.start for sentence in sentences if sentence.error == "unsure") > 15


def test_fewer_characters_than_anybody_says_are_kept_and_marked_as_unsure(engine: Engine, meeting: Path) -> None:
    whisper, _ = engine(lambda _: Answer("好的"))

    sentences = whisper.transcribe(meeting, TranscribeOptions(), _ignore)

    assert {"好", "的"} == set(text_of([sentence for sentence in sentences if sentence.unsure]))


def test_more_characters_than_anybody_says_are_kept_and_marked_as_unsure(engine: Engine, meeting: Path) -> None:
    draw = random.Random(5)
    fast = "".join(draw.choice(SPEECH + "如果信息足够公开完备") for _ in range(500))
    whisper, _ = engine(lambda asked: Answer(fast) if asked.window == 0 else Answer(SPEECH))

    sentences = whisper.transcribe(meeting, TranscribeOptions(), _ignore)

    assert fast == "".join(spoken_characters(sentence.text) for sentence in sentences if sentence.unsure)
    assert SPEECH == "".join(spoken_characters(sentence.text) for sentence in sentences if not sentence.unsure)


def test_a_loop_is_decoded_again_without_repeats(engine: Engine, meeting: Path) -> None:
    whisper, _ = engine(lambda asked: Answer(SPEECH) if asked.no_repeat else Answer("我会把你带回来的" * 7))

    assert SPEECH * 2 == text_of(whisper.transcribe(meeting, TranscribeOptions(), _ignore))


def test_a_window_that_loops_whatever_is_tried_is_halved_and_then_marked(engine: Engine, meeting: Path) -> None:
    whisper, planted = engine(lambda asked: Answer("啊" * 60) if asked.window == 0 else Answer(SPEECH))

    sentences = whisper.transcribe(meeting, TranscribeOptions(), _ignore)

    assert "啊" not in text_of(sentences)
    assert len(planted.encoded) > 2


def test_credits_of_subtitles_are_never_text(engine: Engine, meeting: Path) -> None:
    whisper, _ = engine(lambda asked: Answer(SPEECH) if asked.window == 0 else Answer("字幕by索兰娅"))

    sentences = whisper.transcribe(meeting, TranscribeOptions(), _ignore)

    assert SPEECH == text_of(sentences)
    assert any(sentence.error == "unsure" for sentence in sentences)


def test_credits_over_music_are_neither_text_nor_a_stretch_to_listen_to(engine: Engine, meeting: Path) -> None:
    whisper, _ = engine(lambda _: Answer("字幕by索兰娅", 0.7, no_speech=0.95))

    assert [] == whisper.transcribe(meeting, TranscribeOptions(), _ignore)


def test_a_resumed_run_decodes_only_what_is_missing_and_writes_the_same(
    engine: Engine, meeting: Path, tmp_path: Path
) -> None:
    file = tmp_path / "finished.jsonl"
    whisper, planted = engine(lambda asked: Answer(SPEECH + str(asked.window)))
    options = TranscribeOptions(checkpoint_file=file)
    unbroken = whisper.transcribe(meeting, options, _ignore)
    lines = file.read_bytes().splitlines(keepends=True)

    for kept in range(1, len(lines)):
        file.write_bytes(b"".join(lines[:kept]))
        before = len(planted.asked)
        assert unbroken == whisper.transcribe(meeting, options, _ignore)
        assert len(planted.asked) - before <= 2


def test_a_run_that_stops_at_any_answer_goes_on_there_and_writes_the_same(
    engine: Engine, meeting: Path, tmp_path: Path
) -> None:
    """Whichever decoding was the last: that of a rejected window, of one of its halves, or a second one."""

    class Stopped(Exception):
        """What a kill is to the model."""

    def answer(asked: Asked) -> Answer:
        if len(planted.asked) > allowed:
            raise Stopped
        return Answer("我会把你带回来的", 0.05) if asked.window == 0 else Answer(SPEECH + str(asked.window))

    allowed = 1000
    whisper, planted = engine(answer)
    unbroken = _json(whisper.transcribe(meeting, TranscribeOptions(checkpoint_file=tmp_path / "whole"), _ignore))
    answers = len(planted.asked)

    for stop in range(answers):
        options = TranscribeOptions(checkpoint_file=tmp_path / f"stopped-{stop}")
        planted.asked.clear()
        allowed = stop
        with pytest.raises(Stopped):
            whisper.transcribe(meeting, options, _ignore)
        planted.asked.clear()
        allowed = 1000
        assert unbroken == _json(whisper.transcribe(meeting, options, _ignore))
    assert answers > 4


def _json(sentences: list[Sentence]) -> str:
    return json.dumps([sentence_to_json(sentence) for sentence in sentences], ensure_ascii=False)


def test_progress_grows_to_the_end(engine: Engine, meeting: Path) -> None:
    whisper, _ = engine(lambda _: Answer(SPEECH))
    reports: list[tuple[float, float]] = []

    whisper.transcribe(meeting, TranscribeOptions(), lambda done, total: reports.append((done, total)))

    assert reports == sorted(reports)
    assert {42.0} == {round(total, 1) for _, total in reports}


def test_a_model_that_is_not_installed_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="models fetch") as raised:
        Whisper(EngineContext(tmp_path))

    assert "model_missing" == raised.value.code


@pytest.fixture(scope="module")
def real(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Whisper:
    root = Path(__file__).resolve().parent.parent.parent
    folder = root / "models" / "whisper-small"
    if not (folder / "model.bin").is_file():
        pytest.skip("whisper-small is not installed: python -m backend models fetch --set small")
    models = tmp_path_factory.mktemp("models")
    (models / "whisper-small").symlink_to(folder)
    (models / "fsmn-vad").symlink_to(shared / "models" / "fsmn-vad")
    return Whisper(EngineContext(models))


def test_the_real_model_transcribes_a_meeting_and_writes_the_same_after_a_kill(
    real: Whisper, meeting: Path, shared: Path, tmp_path: Path
) -> None:
    lines = (shared / "audio" / "meetings" / "two-minutes.stm").read_text().splitlines()
    spoken = sorted((line.split(maxsplit=5) for line in lines if line), key=lambda fields: float(fields[3]))
    reference = "".join(spoken_characters(fields[5]) for fields in spoken if float(fields[4]) < 42)

    options = TranscribeOptions(checkpoint_file=tmp_path / "finished.jsonl")

    sentences = real.transcribe(meeting, options, _ignore)

    assert jiwer.cer(reference, text_of(sentences)) < 0.16
    assert [] == [sentence for sentence in sentences if sentence.error]
    finished = (tmp_path / "finished.jsonl").read_bytes()
    (tmp_path / "finished.jsonl").write_bytes(finished[: len(finished) * 3 // 4])  # in the middle of a window
    assert _json(sentences) == _json(real.transcribe(meeting, options, _ignore))


def test_the_real_model_finds_out_that_english_is_spoken(real: Whisper, shared: Path) -> None:
    sentences = real.transcribe(
        shared / "audio" / "clips" / "two-speakers-en.wav", TranscribeOptions(language="auto"), _ignore
    )

    assert "I'm in New Jersey now" in " ".join(sentence.text for sentence in sentences)
