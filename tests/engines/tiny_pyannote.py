"""Writes pyannote pipelines with tiny random weights in the real layout. Imports pyannote: import this module late."""

from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch
import yaml
from pyannote.audio.core.task import Problem, Resolution, Specifications
from pyannote.audio.models.embedding.wespeaker import BaseWeSpeakerResNet
from pyannote.audio.models.embedding.wespeaker.resnet import BasicBlock, ResNet
from pyannote.audio.models.segmentation import PyanNet

_PARTS = {"segmentation_batch_size": 32, "embedding_batch_size": 32, "embedding_exclude_overlap": True}


class TinyVoice(BaseWeSpeakerResNet):  # type: ignore[misc]
    """A WeSpeaker ResNet with 16 channels. Checkpoints refer to this class by its name."""

    def __init__(self, **named: Any) -> None:
        super().__init__(**named)
        self.resnet = ResNet(BasicBlock, [1, 1, 1, 1], m_channels=2, feat_dim=80, embed_dim=16, two_emb_layer=False)


def write_pipelines(models: Path) -> None:
    """models/pyannote-community-1 and models/pyannote-3.1."""
    for name, clustering, values, plda in (
        ("pyannote-community-1", "VBxClustering", {"threshold": 0.6, "Fa": 0.07, "Fb": 0.8}, "plda"),
        (
            "pyannote-3.1",
            "AgglomerativeClustering",
            {"method": "centroid", "min_cluster_size": 12, "threshold": 0.7045654963945799},
            "plda-DUMMY",
        ),
    ):
        folder = models / name
        _save(_segmentation(), folder / "segmentation" / "pytorch_model.bin")
        _save(_voice(), folder / "embedding" / "pytorch_model.bin")
        _write_plda(folder / plda)
        parts = {"segmentation": "$model/segmentation", "embedding": "$model/embedding", "plda": f"$model/{plda}"}
        config = {
            "pipeline": {
                "name": "pyannote.audio.pipelines.SpeakerDiarization",
                "params": {"clustering": clustering, **parts, **_PARTS},
            },
            "params": {"clustering": values, "segmentation": {"min_duration_off": 0.0}},
        }
        (folder / "config.yaml").write_text(yaml.safe_dump(config))


def _segmentation() -> Any:
    torch.manual_seed(0)
    lstm = {"hidden_size": 8, "num_layers": 1, "bidirectional": True, "monolithic": True, "dropout": 0.0}
    model = PyanNet(sincnet={"stride": 10}, lstm=lstm, linear={"hidden_size": 8, "num_layers": 1})
    model.specifications = Specifications(
        problem=Problem.MONO_LABEL_CLASSIFICATION,
        resolution=Resolution.FRAME,
        duration=10.0,
        warm_up=(0.0, 0.0),
        classes=["speaker#1", "speaker#2", "speaker#3"],
        powerset_max_classes=2,
        permutation_invariant=True,
    )
    model.setup()
    with torch.no_grad():  # random weights hardly ever find a speaker: make one more likely
        model.classifier.weight.mul_(25.0)
        model.classifier.bias.zero_()
    return model


def _voice() -> Any:
    torch.manual_seed(1)
    model = TinyVoice()
    model.specifications = Specifications(problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=5.0)
    model.setup()
    return model


def _save(model: Any, path: Path) -> None:
    path.parent.mkdir(parents=True)
    checkpoint = {
        "state_dict": model.state_dict(),
        "pytorch-lightning_version": lightning.__version__,
        "hyper_parameters": dict(model.hparams),
        "epoch": 0,
        "global_step": 0,
    }
    model.on_save_checkpoint(checkpoint)
    torch.save(checkpoint, path)


def _write_plda(folder: Path) -> None:
    folder.mkdir()
    axes, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((16, 16)))
    np.savez(folder / "xvec_transform.npz", mean1=np.zeros(16), mean2=np.zeros(16), lda=axes)
    np.savez(folder / "plda.npz", mu=np.zeros(16), tr=np.eye(16), psi=np.linspace(3.0, 0.1, 16))
