"""Replaces the encoder and decoder of SeACo Paraformer, which do nearly all its work, by int8 ONNX Runtime sessions."""

from pathlib import Path
from typing import Any

import onnxruntime
import torch

from backend.weights.catalogue import DECODER, ENCODER


def replace_parts(model: Any, folder: Path, threads: int) -> None:
    """Make funasr's SeacoParaformer use the ONNX files in `folder`. The rest stays torch in float32: the features, the
    predictor that counts the characters and finds their times, and the hotwords."""
    model.encoder = _Encoder(_session(folder / ENCODER, threads))
    model.decoder = _Decoder(_session(folder / DECODER, threads), model.decoder.embed)


class _Encoder(torch.nn.Module):
    """Has the interface of funasr's SANMEncoder."""

    def __init__(self, session: Any) -> None:
        super().__init__()
        self._session = session

    def forward(self, speech: torch.Tensor, lengths: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, None]:
        (encoded,) = _run(self._session, {"speech": speech, "lengths": lengths.int()})
        return encoded, lengths, None


class _Decoder(torch.nn.Module):
    """Has the interface of funasr's ParaformerSANMDecoder with `return_both`."""

    def __init__(self, session: Any, embed: torch.nn.Module) -> None:
        super().__init__()
        self._session = session
        self.embed = embed  # embeds the characters of hotwords

    def forward(
        self,
        encoded: torch.Tensor,
        lengths: torch.Tensor,
        characters: torch.Tensor,
        counts: torch.Tensor,
        return_hidden: bool = True,
        return_both: bool = True,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        assert return_hidden
        assert return_both
        # these names are stored in the ONNX files
        inputs = {"heard": encoded, "lengths": lengths.int(), "characters": characters, "counts": counts.int()}
        scores, hidden = _run(self._session, inputs)
        return scores, hidden, counts


def _run(session: Any, inputs: dict[str, torch.Tensor]) -> list[torch.Tensor]:
    outputs = session.run(None, {name: tensor.detach().contiguous().numpy() for name, tensor in inputs.items()})
    return [torch.from_numpy(output) for output in outputs]


def _session(file: Path, threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # threads that spin while they wait would take CPU time from the diarizer
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
