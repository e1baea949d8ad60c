"""Generates the int8 ONNX files of SeACo Paraformer from its published weights.

    python -m backend.weights.int8 RECOGNISER FOLDER

Runs as a child process, because it imports torch and needs about 4 GB of memory. RECOGNISER is the model's folder;
encoder.onnx and decoder.onnx are written to FOLDER. The rest of the network (features, the count of characters,
hotwords, times) stays in torch: see `backend.engines.onnx_parts`. Fails if the ONNX files, before they are quantised,
do not compute what torch does.

`onnxruntime.quantization.quantize_dynamic` quantises the matrix products: int8 weights with a scale for each column,
and activations scaled at run time. The output layer is not quantised, as in FunASR's own export
(funasr/utils/export_utils.py).
"""

import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from backend.weights.catalogue import DECODER, ENCODER

#: The allowed difference between ONNX and torch before quantisation, for values around one. 1e-5 was measured.
_TOLERANCE = 1e-3

#: The opset of the published ONNX files of Paraformer.
_OPSET = 14


def main(arguments: list[str]) -> None:
    recogniser, folder = Path(arguments[0]), Path(arguments[1])
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        for exported in export(recogniser, Path(temporary)):
            _quantise(exported, folder / exported.name)


def export(recogniser: Path, folder: Path) -> list[Path]:
    """Write encoder and decoder as ONNX in float32. Exits if one of them does not compute what torch does."""
    import torch

    from backend.engines.automodel import load

    model = load(recogniser, 1, "cpu").model
    files = []
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer warns about every shape it treats as constant
        for name, part, inputs, outputs in (_encoder(model), _decoder(model)):
            _export(part, inputs, outputs, folder / name)
            _check(part, inputs, folder / name)
            files.append(folder / name)
    return files


def _encoder(model: Any) -> tuple[str, Any, dict[str, Any], Sequence[str]]:
    import torch
    from funasr.register import tables

    inner = tables.encoder_classes["SANMEncoderExport"](model.encoder)
    inputs = {
        "speech": torch.randn(2, 40, model.encoder.encoders0[0].in_size),
        "lengths": torch.tensor([31, 40], dtype=torch.int32),
    }
    encoder = _module(lambda speech, lengths: inner(speech, lengths)[:1], inner)
    return ENCODER, encoder, inputs, ("heard",)


def _decoder(model: Any) -> tuple[str, Any, dict[str, Any], Sequence[str]]:
    """It has two outputs: the scores of the characters, and the hidden states that are compared with hotwords."""
    import torch
    from funasr.register import tables

    inner = tables.decoder_classes["ParaformerSANMDecoderExport"](model.decoder)
    width = inner.output_layer.in_features
    inputs = {
        "heard": torch.randn(2, 40, width),
        "lengths": torch.tensor([31, 40], dtype=torch.int32),
        "characters": torch.randn(2, 9, width),
        "counts": torch.tensor([9, 7], dtype=torch.int32),
    }
    decoder = _module(lambda *inputs: inner(*inputs, return_hidden=True, return_both=True)[:2], inner)
    return DECODER, decoder, inputs, ("scores", "hidden")


def _module(function: Callable[..., Any], inner: Any) -> Any:
    """A module to export: its forward calls `function`."""
    import torch

    class Part(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, *inputs: Any) -> Any:
            return function(*inputs)

    return Part()


def _export(part: Any, inputs: dict[str, Any], outputs: Sequence[str], target: Path) -> None:
    import torch

    long = {"speech", "heard", "characters", "scores", "hidden"}
    torch.onnx.export(
        part.eval(),
        tuple(inputs.values()),
        str(target),
        opset_version=_OPSET,
        input_names=list(inputs),
        output_names=list(outputs),
        dynamic_axes={
            name: {0: "pieces", 1: f"{name}_length"} if name in long else {0: "pieces"} for name in (*inputs, *outputs)
        },
        dynamo=False,  # torch's new exporter cannot trace the library's code
    )


def _check(part: Any, inputs: dict[str, Any], exported: Path) -> None:
    """Compare the output of ONNX Runtime with that of torch."""
    import numpy as np
    import onnxruntime

    session = onnxruntime.InferenceSession(str(exported), providers=["CPUExecutionProvider"])
    actual = session.run(None, {name: value.numpy() for name, value in inputs.items()})
    expected = part(*inputs.values())
    difference = max(
        float(np.abs(right.numpy() - answer).max()) for right, answer in zip(expected, actual, strict=True)
    )
    print(f"{exported.name}: differs from torch by at most {difference:.1e}")
    if not difference <= _TOLERANCE:
        sys.exit(f"{exported.name} does not compute what the model does (off by {difference:.1e}).")


def _quantise(exported: Path, target: Path) -> None:
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    from backend.engines.automodel import without_logging

    excluded = [
        node.name for node in onnx.load(exported, load_external_data=False).graph.node if "output_layer" in node.name
    ]
    with without_logging():
        quantize_dynamic(
            str(exported),
            str(target),
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=excluded,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
