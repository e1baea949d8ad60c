"""The quantized ONNX files of a Whisper model of a few kilobytes, as the quantizer of transformers.js leaves them."""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

WIDTH, HEADS, BANDS, FRAMES, TEXT = 8, 2, 80, 1500, 448
TOKENS = 51865


class Graph:
    """Collects the nodes and initializers of one file."""

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


def write_source(folder: Path) -> None:
    """Everything the converter reads, with one layer and random weights."""
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
