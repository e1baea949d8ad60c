"""Quantized ONNX files become a CTranslate2 model: every weight in its place, on a network of a few kilobytes."""

import subprocess
import sys
from pathlib import Path

import ctranslate2
import numpy as np
import onnx
import pytest

from backend.weights.whisper_ctranslate2 import Weights, convert, vocabulary
from tests.weights.tiny_whisper_onnx import BANDS, FRAMES, TOKENS, WIDTH, write_source


@pytest.fixture
def source(tmp_path: Path) -> Path:
    write_source(tmp_path / "source")
    return tmp_path / "source"


def test_a_converted_model_is_loaded_by_ctranslate2_and_hears(source: Path, tmp_path: Path) -> None:
    convert(source, tmp_path / "made")

    model = ctranslate2.models.Whisper(str(tmp_path / "made"), compute_type="int8")
    features = ctranslate2.StorageView.from_array(np.zeros((1, BANDS, 2 * FRAMES), np.float32))

    assert model.is_multilingual
    assert 1 == len(model.generate(model.encode(features), [[50258, 50260, 50300]], max_length=16))


def test_the_same_files_give_the_same_bytes(source: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        convert(source, tmp_path / name)

    for file in ("model.bin", "config.json", "vocabulary.txt", "tokenizer.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_weights_are_dequantized_and_turned_the_way_pytorch_has_them(source: Path) -> None:
    weights = Weights(source / "onnx" / "encoder_model_quantized.onnx")

    assert (4 * WIDTH, WIDTH) == weights.product("layers.0.fc1").shape
    assert (WIDTH, BANDS, 3) == weights.product("conv1").shape
    assert -1.28 <= weights.product("layers.0.fc1").min() <= weights.product("layers.0.fc1").max() <= 1.27


def test_the_empty_token_and_the_time_stamps_have_their_ids(source: Path) -> None:
    tokens = vocabulary(source / "tokenizer.json", TOKENS)

    assert "" == tokens[50256]
    assert ["<|0.00|>", "<|0.02|>", "<|30.00|>"] == [tokens[TOKENS - 1501], tokens[TOKENS - 1500], tokens[-1]]
    with pytest.raises(ValueError, match="no multilingual Whisper model"):
        vocabulary(source / "tokenizer.json", TOKENS - 7)


@pytest.mark.parametrize("damage", ["missing", "cut", "weight"])
def test_damaged_files_end_the_conversion_with_an_error(source: Path, tmp_path: Path, damage: str) -> None:
    file = source / "onnx" / "encoder_model_quantized.onnx"
    if damage == "missing":
        file.unlink()
    elif damage == "cut":
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    else:
        model = onnx.load(str(file))
        kept = [one for one in model.graph.initializer if one.name != "layers.0.fc1.bias"]
        del model.graph.initializer[:]
        model.graph.initializer.extend(kept)
        onnx.save(model, str(file))

    child = subprocess.run(
        [sys.executable, "-m", "backend.weights.whisper_ctranslate2", str(source), str(tmp_path / "made")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 != child.returncode
    assert not (tmp_path / "made" / "model.bin").exists()
