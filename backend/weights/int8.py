"""Make the int8 ONNX files of SeACo Paraformer out of its published weights.

    python -m backend.weights.int8 RECOGNISER FOLDER

Runs as a child, because it imports torch and needs about 4 GB of memory. RECOGNISER is the model's folder; FOLDER gets
encoder.onnx and decoder.onnx. What the network does around them (features, the count of characters, hotwords, times)
stays in torch: see `backend.engines.onnx_parts`. Ends with an error where the ONNX files, before they are quantised, do
not compute what torch does.

Quantised are the matrices that are multiplied with the sound, by `onnxruntime.quantization.quantize_dynamic`: int8
weights with a scale for each column, activations scaled as they come. The layer that chooses the character is left as
it is, as in FunASR's own export (funasr/utils/export_utils.py).
"""

import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from backend.weights.catalogue import DECODER, ENCODER

#: How far ONNX may be from torch before anything is quantised, of values around one: 1e-5 was measured.
_TOLERANCE = 1e-3

#: Published ONNX files of Paraformer have this opset too.
_OPSET = 14


def main(arguments: list[str]) -> None:
    recogniser, folder = Path(arguments[0]), Path(arguments[1])
    with tempfile.TemporaryDirectory(dir=folder) as aside:
        for exported in export(recogniser, Path(aside)):
            _quantise(exported, folder / exported.name)


def export(recogniser: Path, folder: Path) -> list[Path]:
    """Write encoder and decoder as ONNX in float32. Ends the process where one does not compute what torch does."""
    import torch

    from backend.engines.automodel import load

    model = load(recogniser, 1, "cpu").model
    files = []
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer warns of each shape it takes for granted
        for name, part, given, answers in (_encoder(model), _decoder(model)):
            _export(part, given, answers, folder / name)
            _check(part, given, folder / name)
            files.append(folder / name)
    return files


def _encoder(model: Any) -> tuple[str, Any, dict[str, Any], Sequence[str]]:
    import torch
    from funasr.register import tables

    inner = tables.encoder_classes["SANMEncoderExport"](model.encoder)
    given = {
        "speech": torch.randn(2, 40, model.encoder.encoders0[0].in_size),
        "lengths": torch.tensor([31, 40], dtype=torch.int32),
    }
    encoder = _part(lambda speech, lengths: inner(speech, lengths)[:1], inner)
    return ENCODER, encoder, given, ("heard",)


def _decoder(model: Any) -> tuple[str, Any, dict[str, Any], Sequence[str]]:
    """It has two answers: the scores of the characters, and what hotwords are compared with."""
    import torch
    from funasr.register import tables

    inner = tables.decoder_classes["ParaformerSANMDecoderExport"](model.decoder)
    width = inner.output_layer.in_features
    given = {
        "heard": torch.randn(2, 40, width),
        "lengths": torch.tensor([31, 40], dtype=torch.int32),
        "characters": torch.randn(2, 9, width),
        "counts": torch.tensor([9, 7], dtype=torch.int32),
    }
    decoder = _part(lambda *given: inner(*given, return_hidden=True, return_both=True)[:2], inner)
    return DECODER, decoder, given, ("scores", "hidden")


def _part(answer: Callable[..., Any], inner: Any) -> Any:
    """A network to export that answers as told."""
    import torch

    class Part(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, *given: Any) -> Any:
            return answer(*given)

    return Part()


def _export(part: Any, given: dict[str, Any], answers: Sequence[str], target: Path) -> None:
    import torch

    long = {"speech", "heard", "characters", "scores", "hidden"}
    torch.onnx.export(
        part.eval(),
        tuple(given.values()),
        str(target),
        opset_version=_OPSET,
        input_names=list(given),
        output_names=list(answers),
        dynamic_axes={
            name: {0: "pieces", 1: f"{name}_length"} if name in long else {0: "pieces"} for name in (*given, *answers)
        },
        dynamo=False,  # the library's code is from before torch's new exporter, which cannot follow it
    )


def _check(part: Any, given: dict[str, Any], exported: Path) -> None:
    """What ONNX Runtime answers for the file beside what torch answers, where the audio of each piece reaches."""
    import numpy as np
    import onnxruntime

    session = onnxruntime.InferenceSession(str(exported), providers=["CPUExecutionProvider"])
    found = session.run(None, {name: value.numpy() for name, value in given.items()})
    expected = part(*given.values())
    difference = max(float(np.abs(right.numpy() - answer).max()) for right, answer in zip(expected, found, strict=True))
    print(f"{exported.name}: differs from torch by at most {difference:.1e}")
    if not difference <= _TOLERANCE:
        sys.exit(f"{exported.name} does not compute what the model does (off by {difference:.1e}).")


def _quantise(exported: Path, target: Path) -> None:
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    from backend.engines.automodel import quietly

    kept = [
        node.name for node in onnx.load(exported, load_external_data=False).graph.node if "output_layer" in node.name
    ]
    with quietly():
        quantize_dynamic(
            str(exported),
            str(target),
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=kept,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
