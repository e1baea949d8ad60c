"""The parts of SeACo Paraformer that do nearly all its work, run by ONNX Runtime in int8 instead of by torch."""

from pathlib import Path
from typing import Any

import onnxruntime
import torch

from backend.weights.catalogue import DECODER, ENCODER


def replace_parts(model: Any, folder: Path, threads: int) -> None:
    """From now on funasr's SeacoParaformer hears by the files in `folder`. All around them stays torch in float32: the
    features, the predictor that counts the characters and times them, and the hotwords."""
    model.encoder = _Encoder(_session(folder / ENCODER, threads))
    model.decoder = _Decoder(_session(folder / DECODER, threads), model.decoder.embed)


class _Encoder(torch.nn.Module):
    """Takes and gives what funasr's SANMEncoder does."""

    def __init__(self, session: Any) -> None:
        super().__init__()
        self._session = session

    def forward(self, speech: torch.Tensor, lengths: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, None]:
        (heard,) = _run(self._session, speech=speech, lengths=lengths.int())
        return heard, lengths, None


class _Decoder(torch.nn.Module):
    """Takes and gives what funasr's ParaformerSANMDecoder does when it is asked for both of its answers."""

    def __init__(self, session: Any, embed: torch.nn.Module) -> None:
        super().__init__()
        self._session = session
        self.embed = embed  # what hotwords are written in

    def forward(
        self,
        heard: torch.Tensor,
        lengths: torch.Tensor,
        characters: torch.Tensor,
        counts: torch.Tensor,
        return_hidden: bool = True,
        return_both: bool = True,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        assert return_hidden
        assert return_both
        given = {"heard": heard, "lengths": lengths.int(), "characters": characters, "counts": counts.int()}
        scores, hidden = _run(self._session, **given)
        return scores, hidden, counts


def _run(session: Any, **given: torch.Tensor) -> list[torch.Tensor]:
    found = session.run(None, {name: value.detach().contiguous().numpy() for name, value in given.items()})
    return [torch.from_numpy(answer) for answer in found]


def _session(file: Path, threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # threads that wait for work by spinning take the cores from the diarizer beside them
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
