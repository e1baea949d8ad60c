"""Make a CTranslate2 Whisper model in int8 out of the quantized ONNX files that transformers.js publishes.

Runs as a child of its own: `python -m backend.weights.whisper_ctranslate2 SOURCE TARGET`. It needs neither torch nor
transformers. The layout of the weights is that of ctranslate2.converters.transformers.WhisperLoader.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import onnx
from ctranslate2.specs import common_spec, whisper_spec
from ctranslate2.specs.transformer_spec import TransformerDecoderLayerSpec, TransformerEncoderLayerSpec
from onnx import numpy_helper

from backend.weights.whisper_models import DECODER, ENCODER

_MERGED = re.compile(r"_merged_\d+")
_TIME_TOKENS = 1501


class Weights:
    """The float32 weights of one ONNX graph by the names they have in PyTorch."""

    def __init__(self, path: Path) -> None:
        graph = onnx.load(str(path)).graph
        graphs = [graph, *[a.g for node in graph.node if node.op_type == "If" for a in node.attribute]]
        stored = {i.name: i for one in graphs for i in one.initializer}
        self._stored = {_MERGED.sub("", name): i for name, i in stored.items()}
        self._exact = stored
        self._products: dict[str, str] = {}
        for node in (node for one in graphs for node in one.node):
            if node.op_type in ("MatMulInteger", "ConvInteger") and node.input[1] in stored:
                name = node.name.removesuffix("_quant").rpartition("/")[0].strip("/").replace("/", ".")
                self._products.setdefault(name, node.input[1])

    def get(self, name: str) -> np.ndarray[Any, Any]:
        """A weight that was not quantized. Raises KeyError where the file has none of this name."""
        return np.asarray(numpy_helper.to_array(self._stored[name]), np.float32)

    def dequantized(self, quantized: str) -> np.ndarray[Any, Any]:
        stem = quantized.removesuffix("_quantized")
        values, scale, zero = (
            numpy_helper.to_array(self._exact[name]) for name in (quantized, f"{stem}_scale", f"{stem}_zero_point")
        )
        return np.asarray((values.astype(np.float32) - zero.astype(np.float32)) * scale, np.float32)

    def product(self, module: str) -> np.ndarray[Any, Any]:
        """The weight of a linear layer or a convolution, as PyTorch has it: output channels first."""
        weight = self.dequantized(self._products[module])
        return weight.T.copy() if weight.ndim == 2 else weight


def convert(source: Path, target: Path) -> None:
    """Write `model.bin`, `config.json`, `vocabulary.txt` and `tokenizer.json` into `target`.

    Raises KeyError or ValueError where the files are not those of a multilingual Whisper model.
    """
    config = json.loads((source / "config.json").read_text("utf-8"))
    spec = whisper_spec.WhisperSpec(
        config["encoder_layers"],
        config["encoder_attention_heads"],
        config["decoder_layers"],
        config["decoder_attention_heads"],
    )
    _set_encoder(spec.encoder, Weights(source / ENCODER))
    _set_decoder(spec.decoder, Weights(source / DECODER))
    _set_config(spec.config, json.loads((source / "generation_config.json").read_text("utf-8")))
    tokens = vocabulary(source / "tokenizer.json", config["vocab_size"])
    spec.register_vocabulary(tokens)
    spec.validate()
    spec.optimize(quantization="int8")
    target.mkdir(parents=True, exist_ok=True)
    spec.save(str(target))
    # as the published conversions have it: one token a line, so that both can be compared by their hash
    (target / "vocabulary.json").unlink()
    (target / "vocabulary.txt").write_text("".join(f"{token}\n" for token in tokens), encoding="utf-8")
    (target / "tokenizer.json").write_bytes((source / "tokenizer.json").read_bytes())


def vocabulary(tokenizer: Path, size: int) -> list[str]:
    """Every token by its id; the ids behind the last are the time stamps `<|0.00|>` to `<|30.00|>`."""
    parsed = json.loads(tokenizer.read_text("utf-8"))
    tokens = {**parsed["model"]["vocab"], **{one["content"]: one["id"] for one in parsed["added_tokens"]}}
    by_id = {id: token for token, id in tokens.items()}
    first = len(by_id) if sorted(by_id) == list(range(len(by_id))) else -1
    if first + _TIME_TOKENS != size and first != size:
        raise ValueError(f"{len(by_id)} tokens and a vocabulary of {size} are no multilingual Whisper model")
    return [by_id.get(id, f"<|{(id - first) * 0.02:.2f}|>") for id in range(size)]  # token 50256 is the empty text


def _set_encoder(spec: whisper_spec.WhisperEncoderSpec, weights: Weights) -> None:
    for name, conv in (("conv1", spec.conv1), ("conv2", spec.conv2)):
        conv.weight, conv.bias = weights.product(name), weights.get(f"{name}.bias")
    spec.position_encodings.encodings = weights.get("embed_positions.weight")
    _set_layer_norm(spec.layer_norm, weights, "layer_norm")
    for index, layer in enumerate(spec.layer):
        _set_layer(layer, weights, f"layers.{index}")


def _set_decoder(spec: Any, weights: Weights) -> None:
    embeddings = next(name for name in weights._exact if "embed_tokens.weight" in name and name.endswith("_quantized"))
    spec.embeddings.weight = weights.dequantized(embeddings)
    spec.projection.weight = spec.embeddings.weight
    spec.position_encodings.encodings = weights.get("model.decoder.embed_positions.weight")
    spec.scale_embeddings = False
    _set_layer_norm(spec.layer_norm, weights, "model.decoder.layer_norm")
    for index, layer in enumerate(spec.layer):
        module = f"model.decoder.layers.{index}"
        _set_layer(layer, weights, module)
        attention = layer.attention
        _fuse(attention.linear[0], weights, module, "encoder_attn", "q")
        _fuse(attention.linear[1], weights, module, "encoder_attn", "kv")
        _set_linear(attention.linear[2], weights, f"{module}.encoder_attn.out_proj")
        _set_layer_norm(attention.layer_norm, weights, f"{module}.encoder_attn_layer_norm")


def _set_layer(layer: TransformerEncoderLayerSpec | TransformerDecoderLayerSpec, weights: Weights, module: str) -> None:
    _fuse(layer.self_attention.linear[0], weights, module, "self_attn", "qkv")
    _set_linear(layer.self_attention.linear[1], weights, f"{module}.self_attn.out_proj")
    _set_layer_norm(layer.self_attention.layer_norm, weights, f"{module}.self_attn_layer_norm")
    _set_linear(layer.ffn.linear_0, weights, f"{module}.fc1")
    _set_linear(layer.ffn.linear_1, weights, f"{module}.fc2")
    _set_layer_norm(layer.ffn.layer_norm, weights, f"{module}.final_layer_norm")


def _fuse(spec: common_spec.LinearSpec, weights: Weights, module: str, attention: str, which: str) -> None:
    """Query, key and value in one product. Whisper's keys have no bias."""
    parts = [weights.product(f"{module}.{attention}.{one}_proj") for one in which]
    biases = [
        np.zeros(len(part), np.float32) if one == "k" else weights.get(f"{module}.{attention}.{one}_proj.bias")
        for one, part in zip(which, parts, strict=True)
    ]
    spec.weight, spec.bias = np.concatenate(parts), np.concatenate(biases)


def _set_linear(spec: common_spec.LinearSpec, weights: Weights, module: str) -> None:
    spec.weight, spec.bias = weights.product(module), weights.get(f"{module}.bias")


def _set_layer_norm(spec: common_spec.LayerNormSpec, weights: Weights, module: str) -> None:
    spec.gamma, spec.beta = weights.get(f"{module}.weight"), weights.get(f"{module}.bias")


def _set_config(config: whisper_spec.WhisperConfig, generation: dict[str, Any]) -> None:
    config.suppress_ids = generation["suppress_tokens"]
    config.suppress_ids_begin = generation["begin_suppress_tokens"]
    config.alignment_heads = generation["alignment_heads"]
    config.lang_ids = sorted(generation["lang_to_id"].values())


def main() -> None:
    source, target = map(Path, sys.argv[1:])
    convert(source, target)
    ctranslate2.models.Whisper(str(target), device="cpu", compute_type="int8")  # loads, or raises


if __name__ == "__main__":
    main()
