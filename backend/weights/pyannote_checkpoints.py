"""Converts the two ONNX files of the package index into pyannote checkpoints and writes the pipeline's other files.

    python -m backend.weights.pyannote_checkpoints FOLDER [SEGMENTATION.onnx EMBEDDING.onnx]

Runs as a child process, because it imports torch and pyannote. Writes config.yaml and plda-DUMMY into FOLDER, and with
the ONNX files also segmentation/ and embedding/. Fails if a checkpoint does not compute what its ONNX file does.
"""

import os
import sys
import warnings
from pathlib import Path
from typing import Any

#: The allowed difference between a checkpoint and its ONNX file. 2e-5 and 2e-4 were measured; much more means that a
#: weight is misplaced.
_SEGMENTATION_TOLERANCE = 2e-4
_EMBEDDING_TOLERANCE = 2e-3

# pyannote 4 loads a PLDA for every pipeline, although agglomerative clustering does not use it.
_CONFIG = """\
version: 3.1.0
pipeline:
  name: pyannote.audio.pipelines.SpeakerDiarization
  params:
    clustering: AgglomerativeClustering
    embedding: $model/embedding
    embedding_batch_size: 32
    embedding_exclude_overlap: true
    plda: $model/plda-DUMMY
    segmentation: $model/segmentation
    segmentation_batch_size: 32
params:
  clustering:
    method: centroid
    min_cluster_size: 12
    threshold: 0.7045654963945799
  segmentation:
    min_duration_off: 0.0
"""


def main(arguments: list[str]) -> None:
    folder = Path(arguments[0])
    write_pipeline(folder)
    if len(arguments) == 3:
        os.environ["PYANNOTE_METRICS_ENABLED"] = "0"
        os.environ["HF_HUB_OFFLINE"] = "1"
        warnings.simplefilter("ignore")
        from backend.engines.torchaudio_compat import ensure_torchaudio

        ensure_torchaudio()
        convert_segmentation(Path(arguments[1]), folder / "segmentation" / "pytorch_model.bin")
        convert_embedding(Path(arguments[2]), folder / "embedding" / "pytorch_model.bin")


def write_pipeline(folder: Path) -> None:
    """Write the pipeline's configuration, and a PLDA that is never used."""
    import numpy as np

    (folder / "config.yaml").write_text(_CONFIG, encoding="utf-8")
    plda = folder / "plda-DUMMY"
    plda.mkdir(exist_ok=True)
    np.savez(plda / "plda.npz", mu=np.zeros(128), tr=np.eye(128), psi=np.linspace(2.0, 0.1, 128))
    np.savez(plda / "xvec_transform.npz", mean1=np.zeros(256), mean2=np.zeros(128), lda=np.eye(256, 128))


def convert_segmentation(source: Path, target: Path) -> None:
    """segmentation-3.0. ONNX has the LSTM gates in another order, and stores the computed sinc filters."""
    import onnx
    import torch
    from pyannote.audio.core.task import Problem, Resolution, Specifications
    from pyannote.audio.models.segmentation import PyanNet

    network = onnx.load(source)
    stored = _stored(network)
    model = PyanNet(
        sincnet={"stride": 10},
        lstm={"hidden_size": 128, "num_layers": 4, "bidirectional": True, "monolithic": True, "dropout": 0.5},
        linear={"hidden_size": 128, "num_layers": 2},
        sample_rate=16000,
        num_channels=1,
    )
    model.specifications = Specifications(
        problem=Problem.MONO_LABEL_CLASSIFICATION,
        resolution=Resolution.FRAME,
        duration=10.0,
        min_duration=None,
        warm_up=(0.0, 0.0),
        classes=["speaker#1", "speaker#2", "speaker#3"],
        powerset_max_classes=2,
        permutation_invariant=True,
    )
    model.setup()
    model.eval()
    state = model.state_dict()
    state.update({name: torch.tensor(stored[name]) for name in state if name in stored})
    _take_recurrent(state, network, stored)
    products = [node for node in network.graph.node if node.op_type == "MatMul"]
    for node, name in zip(products, ("linear.0", "linear.1", "classifier"), strict=True):
        state[f"{name}.weight"] = torch.tensor(next(stored[key] for key in node.input if key in stored).T)
    _take_filters(state, stored, model)
    model.load_state_dict(state)
    noise = torch.randn(1, 1, 160_000, generator=torch.Generator().manual_seed(1)) * 0.05
    with torch.no_grad():
        _check(network, noise, model(noise), _SEGMENTATION_TOLERANCE, "segmentation")
    _save(model, target)


def convert_embedding(source: Path, target: Path) -> None:
    """wespeaker-voxceleb-resnet34-LM. ONNX folds batch normalisation into the convolutions: ours become identities."""
    import onnx
    import torch
    from pyannote.audio.core.task import Problem, Resolution, Specifications
    from pyannote.audio.models.embedding import WeSpeakerResNet34

    network = onnx.load(source)
    stored = _stored(network)
    model = WeSpeakerResNet34()
    model.specifications = Specifications(
        problem=Problem.REPRESENTATION,
        resolution=Resolution.CHUNK,
        duration=5.0,
        min_duration=None,
        warm_up=(0.0, 0.0),
        classes=None,
        powerset_max_classes=None,
        permutation_invariant=False,
    )
    model.setup()
    model.eval()
    state = model.state_dict()
    convolutions = sorted((n for n in network.graph.node if n.op_type == "Conv"), key=lambda node: int(node.input[1]))
    names = [name for name, value in state.items() if value.ndim == 4]
    for node, name in zip(convolutions, names, strict=True):
        state[name] = torch.tensor(stored[node.input[1]])
        following = name.replace("conv", "bn").replace("shortcut.0", "shortcut.1").removesuffix(".weight")
        # The layer adds 1e-5 to the variance before taking the root; this weight cancels that.
        state[f"{following}.weight"] = torch.full_like(state[f"{following}.weight"], (1 + 1e-5) ** 0.5)
        state[f"{following}.bias"] = torch.tensor(stored[node.input[2]])
        state[f"{following}.running_mean"] = torch.zeros_like(state[f"{following}.running_mean"])
        state[f"{following}.running_var"] = torch.ones_like(state[f"{following}.running_var"])
    last = next(node for node in network.graph.node if node.op_type == "Gemm")
    state["resnet.seg_1.weight"] = torch.tensor(stored[last.input[1]])
    state["resnet.seg_1.bias"] = torch.tensor(stored[last.input[2]])
    model.load_state_dict(state)
    noise = torch.randn(1, 1, 16_000, generator=torch.Generator().manual_seed(1)) * 0.1
    # The ONNX file subtracts the mean of all speakers from its output, and pyannote does not.
    mean = torch.tensor(stored["mean_vec"]) if network.graph.node[-1].op_type == "Sub" else 0.0
    with torch.no_grad():
        _check(network, model.compute_fbank(noise), model(noise) - mean, _EMBEDDING_TOLERANCE, "embedding")
    _save(model, target)


def _stored(network: Any) -> dict[str, Any]:
    from onnx import numpy_helper

    # Copied, because torch needs writable arrays.
    return {value.name: numpy_helper.to_array(value).copy() for value in network.graph.initializer}


def _take_recurrent(state: dict[str, Any], network: Any, stored: dict[str, Any]) -> None:
    import numpy as np
    import torch

    def reordered(value: Any) -> Any:
        """ONNX orders the gates input, output, forget, cell; torch input, forget, cell, output."""
        put_in, put_out, forget, cell = np.split(value, 4)
        return torch.tensor(np.concatenate([put_in, forget, cell, put_out]))

    layers = [node for node in network.graph.node if node.op_type == "LSTM"]
    for number, node in enumerate(layers):
        weights, recurrent, biases = (stored[name] for name in node.input[1:4])
        for direction, ending in enumerate(("", "_reverse")):
            bias_in, bias_hidden = np.split(biases[direction], 2)
            state[f"lstm.weight_ih_l{number}{ending}"] = reordered(weights[direction])
            state[f"lstm.weight_hh_l{number}{ending}"] = reordered(recurrent[direction])
            state[f"lstm.bias_ih_l{number}{ending}"] = reordered(bias_in)
            state[f"lstm.bias_hh_l{number}{ending}"] = reordered(bias_hidden)


def _take_filters(state: dict[str, Any], stored: dict[str, Any], model: Any) -> None:
    """Recover the two frequencies of each sinc filter: 40 pairs of a cosine and a sine filter."""
    import numpy as np
    import torch
    from scipy.optimize import least_squares

    bank = model.sincnet.conv1d[0].filterbank
    half = bank.n_.numpy().astype(np.float64)[0]
    window = bank.window_.numpy().astype(np.float64)
    filters = next(value for value in stored.values() if value.shape == (80, 1, 251))[:, 0].astype(np.float64)
    frequencies = np.fft.rfftfreq(8192, 1 / 16000)

    def pair(low: float, high: float) -> Any:
        width = high - low
        cosine = (np.sin(high * half) - np.sin(low * half)) / (half / 2) * window
        sine = (np.cos(low * half) - np.cos(high * half)) / (half / 2) * window
        even = np.concatenate([cosine, [2 * width], cosine[::-1]]) / (2 * width)
        return np.concatenate([even, np.concatenate([sine, [0.0], -sine[::-1]]) / (2 * width)])

    edges = []
    for number in range(40):
        target = np.concatenate([filters[number], filters[number + 40]])
        spectrum = np.abs(np.fft.rfft(filters[number], 8192))
        above = frequencies[spectrum > spectrum.max() / 2]
        peak = frequencies[spectrum.argmax()]
        best = None
        for low, high in ((above[0], above[-1]), (peak - 60, peak + 60), (above[0] - 20, above[-1] + 20)):
            low = max(low, 50.1)
            start = [low, min(max(high, low + 50.1), 7999.0)]
            # `target` is bound as a default on purpose: the function is used in this iteration only.
            found = least_squares(
                lambda edge, target=target: pair(*edge) - target,
                start,
                xtol=1e-15,
                ftol=1e-15,
                gtol=1e-15,
                x_scale=100.0,
            )
            best = found if best is None or found.cost < best.cost else best
        edges.append(best.x if best is not None else start)
    low_edges, high_edges = np.array(edges, dtype=np.float64).T
    key = "sincnet.conv1d.0.filterbank."
    state[f"{key}low_hz_"] = torch.tensor(low_edges - 50, dtype=torch.float32).view(-1, 1)
    state[f"{key}band_hz_"] = torch.tensor(high_edges - low_edges - 50, dtype=torch.float32).view(-1, 1)


def _check(network: Any, inputs: Any, output: Any, tolerance: float, name: str) -> None:
    """Compare the output with that of onnx's reference evaluator."""
    import numpy as np
    from onnx.reference import ReferenceEvaluator

    (expected,) = ReferenceEvaluator(network).run(None, {network.graph.input[0].name: inputs.numpy()})
    difference = float(np.abs(expected - output.numpy()).max())
    print(f"{name}: differs from its ONNX file by at most {difference:.1e}")
    if not difference <= tolerance:
        sys.exit(f"The {name} checkpoint does not compute what its ONNX file does (off by {difference:.1e}).")


def _save(model: Any, target: Path) -> None:
    import torch

    target.parent.mkdir(exist_ok=True)
    checkpoint = {
        "state_dict": model.state_dict(),
        "hyper_parameters": dict(model.hparams),
        "pytorch-lightning_version": "2.1.0",
        "epoch": 0,
        "global_step": 0,
    }
    model.on_save_checkpoint(checkpoint)
    torch.save(checkpoint, target)


if __name__ == "__main__":
    main(sys.argv[1:])
