"""Quantized ONNX files become a CTranslate2 model: every weight in its place, on a network of a few kilobytes."""

import json
import subprocess
import sys
from pathlib import Path

import ctranslate2
import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import helper, numpy_helper

from backend.weights.whisper_ctranslate2 import Weights, convert, vocabulary

WIDTH, HEADS, BANDS, FRAMES, TEXT = 8, 2, 80, 1500, 448
TOKENS = 51865


class Graph:
    """Collects nodes and initializers as the quantizer of transformers.js leaves them."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self.floats: dict[str, npt.NDArray[np.float32]] = {}

    def plain(self, name: str, *shape: int) -> None:
        values = self.random.standard_normal(shape).astype(np.float32)
        self.floats[name] = values
        self.initializers.append(numpy_helper.from_array(values, name))

    def product(self, module: str, name: str, *shape: int, operator: str = "MatMulInteger") -> None:
        values = self.random.integers(0, 255, shape, dtype=np.uint8)
        zero, scale = np.uint8(128), np.float32(0.01)
        self.floats[module] = (values.astype(np.float32) - 128) * scale
        for suffix, value in (("quantized", values), ("zero_point", zero), ("scale", scale)):
            self.initializers.append(numpy_helper.from_array(np.asarray(value), f"{name}_{suffix}"))
        node = "/" + module.replace(".", "/").replace("layers/", "layers.") + "/MatMul_quant"
        inputs = ["x", f"{name}_quantized", "z", f"{name}_zero_point"]
        self.nodes.append(helper.make_node(operator, inputs, [f"{name}_out"], name=node))

    def layer(self, prefix: str, module: str, attentions: tuple[str, ...], number: int) -> None:
        for attention in attentions:
            for at, part in enumerate(("q_proj", "k_proj", "v_proj", "out_proj")):
                self.product(f"{module}.{attention}.{part}", f"onnx::MatMul_{number}{attention}{at}", WIDTH, WIDTH)
                if part != "k_proj":
                    self.plain(f"{prefix}.{attention}.{part}.bias", WIDTH)
            for part in ("weight", "bias"):
                self.plain(f"{prefix}.{attention}_layer_norm.{part}", WIDTH)
        self.product(f"{module}.fc1", f"onnx::MatMul_{number}fc1", WIDTH, 4 * WIDTH)
        self.product(f"{module}.fc2", f"onnx::MatMul_{number}fc2", 4 * WIDTH, WIDTH)
        self.plain(f"{prefix}.fc1.bias", 4 * WIDTH)
        self.plain(f"{prefix}.fc2.bias", WIDTH)
        for part in ("weight", "bias"):
            self.plain(f"{prefix}.final_layer_norm.{part}", WIDTH)

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        graph = helper.make_graph(self.nodes, "whisper", [], [], self.initializers)
        onnx.save(helper.make_model(graph), str(path))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    encoder = Graph(1)
    for name, channels in (("conv1", BANDS), ("conv2", WIDTH)):
        encoder.product(name, f"{name}.weight", WIDTH, channels, 3, operator="ConvInteger")
        encoder.plain(f"{name}.bias", WIDTH)
    encoder.plain("embed_positions.weight", FRAMES, WIDTH)
    for part in ("weight", "bias"):
        encoder.plain(f"layer_norm.{part}", WIDTH)
    encoder.layer("layers.0", "layers.0", ("self_attn",), 1)
    encoder.save(folder / "onnx" / "encoder_model_quantized.onnx")
    decoder = Graph(2)
    decoder.plain("model.decoder.embed_positions.weight", TEXT, WIDTH)
    for part in ("weight", "bias"):
        decoder.plain(f"model.decoder.layer_norm.{part}", WIDTH)
    decoder.product("embeddings", "model.decoder.embed_tokens.weight", TOKENS, WIDTH)
    decoder.layer("model.decoder.layers.0", "model.decoder.layers.0", ("self_attn", "encoder_attn"), 2)
    decoder.save(folder / "onnx" / "decoder_model_merged_quantized.onnx")
    sizes = {"encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": HEADS}
    (folder / "config.json").write_text(json.dumps({**sizes, "decoder_attention_heads": HEADS, "vocab_size": TOKENS}))
    generation = {"suppress_tokens": [1], "begin_suppress_tokens": [2], "alignment_heads": [[0, 1]]}
    (folder / "generation_config.json").write_text(json.dumps({**generation, "lang_to_id": {"<|zh|>": 50260}}))
    special = ["<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|zh|>"]
    last = [
        f"<|{task}|>" for task in ("translate", "transcribe", "startoflm", "startofprev", "nocaptions", "notimestamps")
    ]
    special += [f"<|x{at}|>" for at in range(TOKENS - 1501 - 50257 - len(special) - len(last))] + last
    added = [{"id": 50257 + at, "content": token} for at, token in enumerate(special)]
    vocab = {f"t{at}": at for at in range(50256)} | {"": 50256}
    (folder / "tokenizer.json").write_text(json.dumps({"model": {"vocab": vocab}, "added_tokens": added}))
    return folder


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
