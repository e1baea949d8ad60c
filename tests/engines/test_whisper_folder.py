"""The folders of WHISPER_MODELS: each is an engine of its own, and each fault is named before anything is loaded."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.engines.hotwords import choose_hotwords
from backend.engines.protocols import EngineContext, EngineError
from backend.engines.registry import ENGINES, available, choose, installed, with_whisper_models
from backend.engines.whisper_folder import find_missing, find_problem
from tests.engines.planted_whisper import byte_tokenizer
from tests.engines.test_registry import put

HEADER = b"\x06\x00\x00\x00\x0c\x00WhisperSpec\x00\x03\x00\x00\x00"
TOKENS = ["<|zh|>", "<|transcribe|>", "<|startofprev|>", "<|notimestamps|>"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What is looked at of a Whisper model; there are no weights behind the header."""
    made = tmp_path / "medium"
    made.mkdir()
    (made / "model.bin").write_bytes(HEADER)
    (made / "config.json").write_text(json.dumps({"alignment_heads": [[5, 3]], "lang_ids": [50259]}))
    (made / "tokenizer.json").write_text(json.dumps({"added_tokens": TOKENS}))
    (made / "vocabulary.json").write_text(json.dumps([str(number) for number in range(51_865)]))
    return made


def test_a_whole_folder_has_no_problem(folder: Path) -> None:
    assert find_problem(folder) is None
    assert find_missing(folder) is None


def test_an_older_vocabulary_of_lines_is_one_too(folder: Path) -> None:
    tokens = json.loads((folder / "vocabulary.json").read_text())
    (folder / "vocabulary.json").unlink()
    (folder / "vocabulary.txt").write_text("\n".join(tokens))

    assert find_problem(folder) is None


def _drop(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def _write(name: str, text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_text(text) and None


@pytest.mark.parametrize(
    ("spoil", "kind", "file"),
    [
        (_drop("model.bin"), "incomplete", "model.bin"),
        (_drop("config.json"), "incomplete", "config.json"),
        (_drop("tokenizer.json"), "incomplete", "tokenizer.json"),
        (_drop("vocabulary.json"), "incomplete", "vocabulary.json"),
        (_write("model.bin", "PK a PyTorch checkpoint"), "unusable", "model.bin"),
        (_write("model.bin", ""), "unusable", "model.bin"),
        (_write("config.json", "{"), "unusable", "config.json"),
        (_write("config.json", "[]"), "unusable", "config.json"),
        (_write("config.json", '{"alignment_heads": []}'), "unusable", "config.json"),
        (_write("tokenizer.json", '{"added_tokens": ["<|en|>"]}'), "unusable", "tokenizer.json"),
        (_write("vocabulary.json", json.dumps(["a"] * 51_864)), "unusable", "vocabulary.json"),
    ],
)
def test_a_folder_with_a_fault_is_refused_with_the_file_and_the_command(
    folder: Path, spoil: Callable[[Path], None], kind: str, file: str
) -> None:
    spoil(folder)

    problem = find_problem(folder)

    assert problem is not None
    assert (kind, file) == (problem.kind, problem.file)
    assert file in problem.sentence
    assert "ct2-transformers-converter" in problem.sentence


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    problem = find_problem(tmp_path / "gone")

    assert problem is not None
    assert problem.kind == "missing"
    assert str(tmp_path / "gone") in problem.sentence


def test_each_folder_is_an_engine_behind_the_built_in_ones(folder: Path, tmp_path: Path) -> None:
    put(tmp_path, "fsmn-vad", "whisper-small")
    engines = with_whisper_models({"medium": folder, "gone": tmp_path / "gone"})

    assert [*ENGINES, "whisper-medium", "whisper-gone"] == list(engines)
    assert ["whisper", "whisper-medium"] == available("transcribe", tmp_path, False, engines)
    assert "whisper-medium" == choose("transcribe", "whisper-medium", tmp_path, False, engines)
    assert not installed(engines["whisper-gone"], tmp_path)


def test_an_engine_whose_folder_has_a_fault_is_refused_with_its_sentence(folder: Path, tmp_path: Path) -> None:
    put(tmp_path, "fsmn-vad")
    (folder / "tokenizer.json").unlink()

    with pytest.raises(EngineError, match=r"tokenizer\.json is missing") as raised:
        choose("transcribe", "whisper-medium", tmp_path, False, with_whisper_models({"medium": folder}))

    assert "model_missing" == raised.value.code


def test_hotwords_are_chosen_by_the_vocabulary_in_the_folder(folder: Path, tmp_path: Path) -> None:
    byte_tokenizer().save(str(folder / "tokenizer.json"))
    engine = with_whisper_models({"medium": folder})["whisper-medium"]

    chosen = choose_hotwords(engine, tmp_path, ["王芳", "火山引擎" * 60])

    assert ("王芳",) == chosen.usable
    assert ["hotwords_no_room"] == [left_out.code for left_out in chosen.left_out]


def test_the_folders_reach_the_engine_process(folder: Path, tmp_path: Path) -> None:
    context = EngineContext(tmp_path, whisper_models={"medium": folder})

    assert context == EngineContext.from_json(context.to_json())
