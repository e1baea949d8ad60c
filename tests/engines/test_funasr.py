"""The FunASR adapter through the real AutoModel: real VAD, and a tiny recogniser that talks nonsense in due form."""

# ruff: noqa: F811  (fixtures are imported, and asked for by their names)

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

from backend.engines.checks import check_sentences
from backend.engines.funasr import FunAsr, batches, hotword_line
from backend.engines.ports import EngineError, Home, Listening, Thrift
from backend.engines.sound import RATE, Sound
from backend.speech.text import bare, join
from backend.speech.types import Sentence
from tests.engines import tiny_funasr
from tests.engines.recogniser import engine, ignore, lecture, loaded, models, plain, text_of  # noqa: F401  (fixtures)
from tests.engines.test_sound import write

pytestmark = pytest.mark.shared


def test_text_and_words_agree_and_follow_each_other(plain: list[Sentence], lecture: Path) -> None:
    with Sound(lecture) as sound:
        duration = sound.duration

    at = 0.0
    assert len(text_of(plain)) > 100
    for sentence in plain:
        assert sentence.error is None
        assert bare(sentence.text) == bare(join(sentence.words))
        assert (sentence.start, sentence.end) == (sentence.words[0].start, sentence.words[-1].end)
        for word in sentence.words:
            assert at <= word.start <= word.end <= duration + 0.0005  # times are whole milliseconds
            at = word.end
    assert any("，" in sentence.text for sentence in plain)
    assert "hello" in text_of(plain) or "@@" not in text_of(plain)


def test_progress_grows_to_the_whole_recording(engine: FunAsr, lecture: Path) -> None:
    told: list[tuple[float, float]] = []

    engine.transcribe(lecture, Listening(), lambda done, total: told.append((done, total)))

    assert len(told) > 1
    assert sorted(told) == told
    assert [total for _, total in told] == [pytest.approx(70.47, abs=0.01)] * len(told)
    assert told[-1][0] > 69


@pytest.mark.parametrize("samples", [0, 3200, RATE * 10])
def test_silence_is_never_given_to_the_recogniser(engine: FunAsr, tmp_path: Path, samples: int) -> None:
    audio = write(tmp_path / "a.wav", np.zeros(samples))

    assert engine.transcribe(audio, Listening(), ignore) == []
    assert engine._recogniser.calls == []


def test_pieces_too_short_for_a_character_are_no_error(models: Path, lecture: Path, tmp_path: Path) -> None:
    home = tmp_path / "models"
    home.mkdir()
    for name in ("fsmn-vad", "ct-punc"):
        (home / name).symlink_to(models / name)
    tiny_funasr.build_recogniser(home / "seaco-paraformer", rate=1e-6)  # hears no character in anything

    assert FunAsr(Home(home)).transcribe(lecture, Listening(), ignore) == []


def test_a_killed_run_goes_on_where_it_was_with_the_same_result(
    engine: FunAsr, lecture: Path, plain: list[Sentence], tmp_path: Path
) -> None:
    kept = tmp_path / "finished.jsonl"
    options = Listening(finished=kept)
    engine.transcribe(lecture, options, ignore)
    lines = kept.read_bytes().split(b"\n")
    unbroken = len(engine._recogniser.calls)

    for damage in (lines[:6], [*lines[:7], lines[7][:-9]], [*lines[:3], b"0" + lines[3], *lines[4:]]):
        kept.write_bytes(b"\n".join(damage))
        engine._recogniser.calls.clear()

        assert _same(engine.transcribe(lecture, options, ignore), plain)
        assert 0 < len(engine._recogniser.calls) < unbroken

    engine._recogniser.calls.clear()
    assert _same(engine.transcribe(lecture, options, ignore), plain)
    assert engine._recogniser.calls == []


def test_what_was_heard_with_other_hotwords_is_heard_again(engine: FunAsr, lecture: Path, tmp_path: Path) -> None:
    kept = tmp_path / "finished.jsonl"
    engine.transcribe(lecture, Listening(finished=kept), ignore)
    unbroken = len(engine._recogniser.calls)

    engine.transcribe(lecture, Listening(hotwords=("天下",), finished=kept), ignore)

    assert len(engine._recogniser.calls) == 2 * unbroken


def test_hotwords_of_one_request_are_gone_in_the_next(engine: FunAsr, lecture: Path) -> None:
    model = engine._recogniser.real.model

    engine.transcribe(lecture, Listening(hotwords=("天下", "大家")), ignore)
    assert len(model.hotword_list) == 3  # the library adds one that means "none of these"

    engine.transcribe(lecture, Listening(), ignore)
    assert model.hotword_list is None


def test_hotwords_neither_reach_the_network_nor_a_file(engine: FunAsr, lecture: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("天下\n大家\n")

    for evil in ("http://127.0.0.1:9/words.txt", "httpxy", str(secret)):
        sentences = engine.transcribe(lecture, Listening(hotwords=(evil,)), ignore)

        assert not any(sentence.error for sentence in sentences)
        known = engine._recogniser.real.model.hotword_list
        assert [tiny_funasr.TOKENS.index(character) for character in "天下"] not in known


def test_hotwords_are_not_logged(engine: FunAsr, lecture: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        engine.transcribe(lecture, Listening(hotwords=("天下",)), ignore)

    assert "天下" not in caplog.text


@given(st.lists(st.text(max_size=20), max_size=5))
@example(["䷀卦"])  # a hexagram stands between the two blocks of characters
def test_a_hotword_line_is_never_an_address_or_a_path(hotwords: list[str]) -> None:
    line = hotword_line(hotwords)

    if line is None:
        return
    assert re.fullmatch(r" ([A-Za-z0-9\u3400-\u4dbf\u4e00-\u9fff]+ )+", line)


def test_latin_and_chinese_hotwords_are_words_of_their_own() -> None:
    assert (
        hotword_line(("ASR系统", "Meeting ASR", "3号楼", "http://a/b.txt")) == " ASR 系统 Meeting 3号楼 http a b txt "
    )
    assert hotword_line(()) is None
    assert hotword_line(("!?",)) is None


@given(st.lists(st.floats(min_value=0.1, max_value=30), max_size=300), st.booleans())
def test_every_piece_is_in_one_batch_that_fits(lengths: list[float], on_gpu: bool) -> None:
    made = list(batches(lengths, on_gpu))

    assert sorted(index for batch in made for index in batch) == list(range(len(lengths)))
    for batch in made:
        longest = max(lengths[index] for index in batch)
        assert len(batch) == 1 or longest * len(batch) <= (300 if on_gpu else 60)
        assert len(batch) <= (64 if on_gpu else 4)


def test_a_text_that_is_the_name_of_a_file_is_punctuated_not_read(
    loaded: FunAsr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "天下").write_text("大家")
    monkeypatch.chdir(tmp_path)

    assert bare(loaded._punctuate("天下")) == "天下"


def test_punctuation_of_odd_texts_is_no_error(loaded: FunAsr) -> None:
    for text in ("", " ", "𠀀", "hello ok", "好 " * 300):
        assert isinstance(loaded._punctuate(text), str)


def test_a_gpu_is_used_where_there_is_one_but_not_for_what_is_decided_in_python(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, str] = {}

    class Library:
        def __init__(self, *, model: str, device: str, **options: Any) -> None:
            asked[Path(model).name] = device

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr("funasr.AutoModel", Library)

    FunAsr(Home(models))

    assert asked == {"seaco-paraformer": "cuda", "fsmn-vad": "cpu", "ct-punc": "cuda"}


@pytest.fixture(scope="module")
def narrow(models: Path) -> FunAsr:
    """The engine in bfloat16, which any processor at least plays at."""
    return FunAsr(Home(models, thrift=Thrift(recogniser="bfloat16")))


def test_in_bfloat16_every_piece_is_heard_and_as_many_characters(
    narrow: FunAsr, lecture: Path, plain: list[Sentence]
) -> None:
    sentences = narrow.transcribe(lecture, Listening(), ignore)

    assert not any(sentence.error for sentence in sentences)
    assert len(text_of(sentences)) == pytest.approx(len(text_of(plain)), rel=0.03)
    check_sentences(sentences)


def test_in_bfloat16_what_counts_the_characters_stays_exact(narrow: FunAsr) -> None:
    model = narrow._recogniser.model
    found = {name.split(".")[0] for name, value in model.named_parameters() if value.dtype == torch.bfloat16}

    assert found == {"encoder", "decoder", "seaco_decoder", "hotword_output_layer"}


def test_what_was_heard_in_other_numbers_is_heard_again(
    narrow: FunAsr, engine: FunAsr, lecture: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "finished.jsonl"
    narrow.transcribe(lecture, Listening(finished=kept), ignore)

    engine.transcribe(lecture, Listening(finished=kept), ignore)

    assert sum(len(call) for call in engine._recogniser.calls) >= 12


def test_threads_are_as_many_as_the_home_allows(engine: FunAsr, lecture: Path) -> None:
    torch.set_num_threads(2)

    engine.transcribe(lecture, Listening(), ignore)

    assert torch.get_num_threads() == 1


@pytest.mark.parametrize("name", ["seaco-paraformer", "fsmn-vad", "ct-punc"])
def test_a_model_that_is_not_there_says_how_to_get_it(models: Path, tmp_path: Path, name: str) -> None:
    for other in {"seaco-paraformer", "fsmn-vad", "ct-punc"} - {name}:
        (tmp_path / other).symlink_to(models / other)

    with pytest.raises(EngineError) as caught:
        FunAsr(Home(tmp_path))

    assert caught.value.code == "model_missing"
    assert name in caught.value.detail


def _same(one: list[Sentence], other: list[Sentence]) -> bool:
    return [dataclasses.asdict(sentence) for sentence in one] == [dataclasses.asdict(sentence) for sentence in other]
