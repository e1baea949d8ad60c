"""The FunASR adapter with the real AutoModel and VAD, and a tiny recogniser with random weights."""

# ruff: noqa: F811  (fixtures are imported, and devices for by their names)

import dataclasses
import logging
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from backend.engines.funasr import FunAsr, batches, hotword_line
from backend.engines.hotwords import choose_for_paraformer
from backend.engines.protocols import Approximation, EngineContext, EngineError, TranscribeOptions
from backend.engines.result_checks import check_sentences
from backend.engines.wav_reader import RATE, WavReader
from backend.speech.text import join, spoken_characters
from backend.speech.types import Sentence
from tests.engines import tiny_funasr
from tests.engines.recogniser import engine, ignore, lecture, loaded, models, plain, text_of  # noqa: F401  (fixtures)
from tests.engines.test_wav_reader import write

pytestmark = pytest.mark.shared


def test_text_and_words_agree_and_follow_each_other(plain: list[Sentence], lecture: Path) -> None:
    with WavReader(lecture) as reader:
        duration = reader.duration

    at = 0.0
    assert len(text_of(plain)) > 100
    for sentence in plain:
        assert sentence.error is None
        assert spoken_characters(sentence.text) == spoken_characters(join(sentence.words))
        assert (sentence.start, sentence.end) == (sentence.words[0].start, sentence.words[-1].end)
        for word in sentence.words:
            assert at <= word.start <= word.end <= duration + 0.0005  # times are whole milliseconds
            at = word.end
    assert any("，" in sentence.text for sentence in plain)
    assert "hello" in text_of(plain) or "@@" not in text_of(plain)


def test_progress_grows_to_the_full_duration(engine: FunAsr, lecture: Path) -> None:
    reports: list[tuple[float, float]] = []

    engine.transcribe(lecture, TranscribeOptions(), lambda done, total: reports.append((done, total)))

    assert len(reports) > 1
    assert sorted(reports) == reports
    assert [total for _, total in reports] == [pytest.approx(70.47, abs=0.01)] * len(reports)
    assert reports[-1][0] > 69


@pytest.mark.parametrize("samples", [0, 3200, RATE * 10])
def test_silence_is_not_given_to_the_recogniser(engine: FunAsr, tmp_path: Path, samples: int) -> None:
    audio = write(tmp_path / "a.wav", np.zeros(samples))

    assert engine.transcribe(audio, TranscribeOptions(), ignore) == []
    assert engine._recogniser.calls == []


def test_chunks_too_short_for_a_character_are_not_an_error(models: Path, lecture: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    for name in ("fsmn-vad", "ct-punc"):
        (folder / name).symlink_to(models / name)
    tiny_funasr.build_recogniser(folder / "seaco-paraformer", rate=1e-6)  # recognises no character in any audio

    assert FunAsr(EngineContext(folder)).transcribe(lecture, TranscribeOptions(), ignore) == []


def test_a_killed_run_resumes_with_the_same_result(
    engine: FunAsr, lecture: Path, plain: list[Sentence], tmp_path: Path
) -> None:
    checkpoint = tmp_path / "finished.jsonl"
    options = TranscribeOptions(checkpoint_file=checkpoint)
    engine.transcribe(lecture, options, ignore)
    lines = checkpoint.read_bytes().split(b"\n")
    unbroken = len(engine._recogniser.calls)

    for damage in (lines[:6], [*lines[:7], lines[7][:-9]], [*lines[:3], b"0" + lines[3], *lines[4:]]):
        checkpoint.write_bytes(b"\n".join(damage))
        engine._recogniser.calls.clear()

        assert _same(engine.transcribe(lecture, options, ignore), plain)
        assert 0 < len(engine._recogniser.calls) < unbroken

    engine._recogniser.calls.clear()
    assert _same(engine.transcribe(lecture, options, ignore), plain)
    assert engine._recogniser.calls == []


def test_other_hotwords_start_the_checkpoint_over(engine: FunAsr, lecture: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / "finished.jsonl"
    engine.transcribe(lecture, TranscribeOptions(checkpoint_file=checkpoint), ignore)
    unbroken = len(engine._recogniser.calls)

    engine.transcribe(lecture, TranscribeOptions(hotwords=("天下",), checkpoint_file=checkpoint), ignore)

    assert len(engine._recogniser.calls) == 2 * unbroken


def test_hotwords_apply_to_one_request_only(engine: FunAsr, lecture: Path) -> None:
    model = engine._recogniser.real.model

    engine.transcribe(lecture, TranscribeOptions(hotwords=("天下", "大家")), ignore)
    assert len(model.hotword_list) == 3  # the library adds one for "none of these"

    engine.transcribe(lecture, TranscribeOptions(), ignore)
    assert model.hotword_list is None


@pytest.mark.parametrize("hotword", ["天下", "OK", "ok大家", "犇", "天下Kubernetes", "㐀大", "35", "lo"])
def test_the_model_is_never_given_a_hotword_it_takes_for_something_unknown(
    engine: FunAsr, models: Path, lecture: Path, hotword: str
) -> None:
    unknown = tiny_funasr.TOKENS.index("<unk>")
    spelled = not choose_for_paraformer(models / "seaco-paraformer" / "seg_dict", (hotword,)).left_out

    engine.transcribe(lecture, TranscribeOptions(hotwords=(hotword,)), ignore)

    given = engine._recogniser.real.model.hotword_list
    assert spelled == all(unknown not in ids for ids in given)


def test_hotwords_cause_no_download_and_open_no_file(engine: FunAsr, lecture: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("天下\n大家\n")

    for evil in ("http://127.0.0.1:9/words.txt", "httpxy", str(secret)):
        sentences = engine.transcribe(lecture, TranscribeOptions(hotwords=(evil,)), ignore)

        assert not any(sentence.error for sentence in sentences)
        known = engine._recogniser.real.model.hotword_list
        assert [tiny_funasr.TOKENS.index(character) for character in "天下"] not in known


def test_hotwords_are_not_logged(engine: FunAsr, lecture: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        engine.transcribe(lecture, TranscribeOptions(hotwords=("天下",)), ignore)

    assert "天下" not in caplog.text


@given(st.lists(st.text(max_size=20), max_size=5))
@example(["䷀卦"])  # a hexagram's code point lies between the two blocks of characters
def test_a_hotword_line_is_never_an_address_or_a_path(hotwords: list[str]) -> None:
    line = hotword_line(hotwords)

    if line is None:
        return
    assert re.fullmatch(r" ([A-Za-z0-9\u3400-\u4dbf\u4e00-\u9fff]+ )+", line)


def test_latin_and_chinese_parts_of_hotwords_are_separate_words() -> None:
    assert hotword_line(("ASR系统", "Meeting ASR", "3号楼", "http://a/b.txt")) == " ASR 系统 Meeting 3号楼 http txt "
    assert hotword_line(("GPT-4o",)) == " GPT "
    assert hotword_line(("X", "黎")) == " X 黎 "
    assert hotword_line(()) is None
    assert hotword_line(("!?",)) is None


@given(st.lists(st.floats(min_value=0.1, max_value=30), max_size=300), st.booleans())
def test_every_chunk_is_in_exactly_one_batch_that_fits(lengths: list[float], on_gpu: bool) -> None:
    result = list(batches(lengths, on_gpu))

    assert sorted(index for batch in result for index in batch) == list(range(len(lengths)))
    for batch in result:
        longest = max(lengths[index] for index in batch)
        assert len(batch) == 1 or longest * len(batch) <= (300 if on_gpu else 60)
        assert len(batch) <= (64 if on_gpu else 4)


def test_a_text_that_is_a_file_name_is_punctuated_and_not_opened(
    loaded: FunAsr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "天下").write_text("大家")
    monkeypatch.chdir(tmp_path)

    assert spoken_characters(loaded._punctuate("天下")) == "天下"


def test_punctuating_unusual_texts_is_not_an_error(loaded: FunAsr) -> None:
    for text in ("", " ", "𠀀", "hello ok", "好 " * 300):
        assert isinstance(loaded._punctuate(text), str)


def test_a_gpu_is_used_except_by_the_vad(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    devices: dict[str, str] = {}

    class Library:
        def __init__(self, *, model: str, device: str, **options: Any) -> None:
            devices[Path(model).name] = device

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr("funasr.AutoModel", Library)

    FunAsr(EngineContext(models))

    assert devices == {"seaco-paraformer": "cuda", "fsmn-vad": "cpu", "ct-punc": "cuda"}


@pytest.fixture(scope="module")
def bfloat16_engine(models: Path) -> FunAsr:
    """The engine in bfloat16, which every CPU can at least emulate."""
    return FunAsr(EngineContext(models, approximation=Approximation(recogniser="bfloat16")))


def test_bfloat16_recognises_every_chunk_with_as_many_characters(
    bfloat16_engine: FunAsr, lecture: Path, plain: list[Sentence]
) -> None:
    sentences = bfloat16_engine.transcribe(lecture, TranscribeOptions(), ignore)

    assert not any(sentence.error for sentence in sentences)
    assert len(text_of(sentences)) == pytest.approx(len(text_of(plain)), rel=0.03)
    check_sentences(sentences)


def test_the_predictor_stays_float32_in_bfloat16(bfloat16_engine: FunAsr) -> None:
    model = bfloat16_engine._recogniser.model
    found = {name.split(".")[0] for name, value in model.named_parameters() if value.dtype == torch.bfloat16}

    assert found == {"encoder", "decoder", "seaco_decoder", "hotword_output_layer"}


def test_another_precision_starts_the_checkpoint_over(
    bfloat16_engine: FunAsr, engine: FunAsr, lecture: Path, tmp_path: Path
) -> None:
    checkpoint = tmp_path / "finished.jsonl"
    bfloat16_engine.transcribe(lecture, TranscribeOptions(checkpoint_file=checkpoint), ignore)

    engine.transcribe(lecture, TranscribeOptions(checkpoint_file=checkpoint), ignore)

    assert sum(len(call) for call in engine._recogniser.calls) >= 12


def test_the_thread_count_of_the_context_is_used(engine: FunAsr, lecture: Path) -> None:
    torch.set_num_threads(2)

    engine.transcribe(lecture, TranscribeOptions(), ignore)

    assert torch.get_num_threads() == 1


@pytest.mark.parametrize("name", ["seaco-paraformer", "fsmn-vad", "ct-punc"])
def test_a_missing_model_names_the_fetch_command(models: Path, tmp_path: Path, name: str) -> None:
    for other in {"seaco-paraformer", "fsmn-vad", "ct-punc"} - {name}:
        (tmp_path / other).symlink_to(models / other)

    with pytest.raises(EngineError) as caught:
        FunAsr(EngineContext(tmp_path))

    assert caught.value.code == "model_missing"
    assert name in caught.value.detail


def _same(one: list[Sentence], other: list[Sentence]) -> bool:
    return [dataclasses.asdict(sentence) for sentence in one] == [dataclasses.asdict(sentence) for sentence in other]
