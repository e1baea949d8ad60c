"""pyannote's own pipeline with the embeddings made once per chunk: the same numbers in a fraction of the time.

The stock pipeline sends a chunk of 10 s through the ResNet once for each of its three speaker slots, spoken in or not;
only the weights of the pooling at the end differ. The model takes all weights of a chunk at once: one pass, three
poolings. A chunk in which nobody speaks needs no pass: pooled with no weight at all, any audio gives the same vector.

Imported by `backend.engines.pyannote` only, once it has set what must be set before pyannote is imported.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import yaml
from pyannote.audio.pipelines import SpeakerDiarization
from pyannote.audio.pipelines.clustering import AgglomerativeClustering, VBxClustering
from pyannote.core import SlidingWindowFeature

from backend.engines.ports import EngineError

#: Chunks in one pass on a GPU. On a CPU one at a time is the quickest.
_GPU_BATCH = 32
#: Clustering takes 8 n² bytes and n² time for n embeddings; an hour of speech has about 5,000. Beyond this many, evenly
#: chosen ones form the clusters and all are assigned to them.
_MOST_TO_CLUSTER = 10_000

Floats = npt.NDArray[np.float32]


def load(folder: Path, threads: int, *, bf16: bool = False) -> "OncePerChunk":
    """The pipeline that `folder`/config.yaml describes. All it names must be local: nothing is ever downloaded."""
    torch.set_num_threads(threads)
    config = yaml.safe_load((folder / "config.yaml").read_text())
    try:
        parts = {name: _local(folder, value) for name, value in config["pipeline"]["params"].items()}
        for part in ("segmentation", "embedding", "plda"):
            if not Path(parts[part]).exists():
                raise EngineError("model_damaged", f"{folder.name} has no local {part}: it names {parts[part]}.")
        values = config["params"]
        if parts["clustering"] not in ("AgglomerativeClustering", "VBxClustering"):
            raise EngineError("model_damaged", f"{folder.name} wants {parts['clustering']}, which is not ours.")
    except (KeyError, TypeError) as error:
        raise EngineError("model_damaged", f"The config.yaml of {folder.name} is no diarization pipeline.") from error
    pipeline = OncePerChunk(**parts)
    pipeline.instantiate(values)
    pipeline.bf16 = bf16
    if torch.cuda.is_available():
        pipeline.batch = _GPU_BATCH
        pipeline.to(torch.device("cuda"))
    # a layout the convolutions like: a fifth faster on a CPU, the same numbers
    pipeline._embedding.model_.resnet.to(memory_format=torch.channels_last)
    return pipeline


class OncePerChunk(SpeakerDiarization):  # type: ignore[misc]  # pyannote is untyped
    """A drop-in for SpeakerDiarization whose embedding model is one of the WeSpeaker ResNets."""

    bf16 = False  #: the ResNet in bfloat16
    batch = 1  #: chunks in one pass

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        metric = self._embedding.metric
        vbx = self.klustering == "VBxClustering"
        self.clustering = BoundedVbx(self._plda, metric=metric) if vbx else BoundedAgglomerative(metric=metric)

    def get_embeddings(
        self,
        file: Any,
        binary_segmentations: SlidingWindowFeature,
        exclude_overlap: bool = False,
        hook: Callable[..., None] | None = None,
    ) -> Floats:
        """One embedding for each chunk and speaker slot: (chunks, slots, dimension)."""
        spoken = np.nan_to_num(binary_segmentations.data, nan=0.0).astype(np.float32)  # (chunks, frames, slots)
        weights = self._alone(spoken, binary_segmentations.sliding_window.duration) if exclude_overlap else spoken
        chunks, _, slots = spoken.shape
        embeddings = np.empty((chunks, slots, self._embedding.dimension), np.float32)
        embeddings[:] = self._nobody(weights.shape[1])
        busy = np.flatnonzero(spoken.any(axis=(1, 2)))
        for first in range(0, len(busy), self.batch):
            batch = busy[first : first + self.batch]
            if hook is not None:
                hook("embeddings", None, total=chunks, completed=int(batch[0]))
            audio = [
                self._audio.crop(file, binary_segmentations.sliding_window[int(chunk)], mode="pad")[0]
                for chunk in batch
            ]
            embeddings[batch] = self._embed(torch.stack(audio), torch.from_numpy(weights[batch]).transpose(1, 2))
        if hook is not None:
            hook("embeddings", None, total=chunks, completed=chunks)
        return embeddings

    def _alone(self, spoken: Floats, duration: float) -> Floats:
        """Only the frames in which a speaker is alone, where these are enough to tell the voice; else all of theirs."""
        frames = spoken.shape[1]
        fewest = np.ceil(frames * self._embedding.min_num_samples / (duration * self._embedding.sample_rate))
        alone = spoken * (spoken.sum(axis=2, keepdims=True) < 2)
        enough = alone.sum(axis=1, keepdims=True) > fewest
        used: Floats = np.where(enough, alone, spoken)
        return used

    def _nobody(self, frames: int) -> Floats:
        """The embedding of a slot in which nobody speaks; the clustering expects it where the stock pipeline has it."""
        samples = self._embedding.sample_rate
        nobody: Floats = self._embed(torch.zeros(1, 1, samples), torch.zeros(1, 1, frames))[0, 0]
        return nobody

    def _embed(self, audio: torch.Tensor, weights: torch.Tensor) -> Floats:
        """Audio (chunks, 1, samples) and weights (chunks, slots, frames) to embeddings (chunks, slots, dimension)."""
        device = self._embedding.device
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=self.bf16):
            found = self._embedding.model_(audio.to(device), weights=weights.contiguous().to(device))
        numbers: Floats = found.float().cpu().numpy()
        return numbers


def _local(folder: Path, value: Any) -> Any:
    """`$model/x` is x in the folder of the pipeline."""
    if isinstance(value, str) and value.startswith("$model/"):
        return str(folder / value.removeprefix("$model/"))
    return value


class _Bounded:
    """What both clusterings lack: they never cluster more than `most` embeddings, nor into more voices than those."""

    most = _MOST_TO_CLUSTER

    def filter_embeddings(self, embeddings: Floats, **named: Any) -> tuple[Floats, Any, Any]:
        found, chunks, slots = super().filter_embeddings(embeddings, **named)  # type: ignore[misc]
        if len(found) > self.most:
            chosen = np.linspace(0, len(found) - 1, self.most).round().astype(int)
            found, chunks, slots = found[chosen], chunks[chosen], slots[chosen]
        return found, chunks, slots

    def __call__(
        self,
        embeddings: Floats,
        segmentations: SlidingWindowFeature | None = None,
        num_clusters: int | None = None,
        min_clusters: int | None = None,
        **named: Any,
    ) -> Any:
        there = max(1, len(self.filter_embeddings(embeddings, segmentations=segmentations)[0]))
        return super().__call__(  # type: ignore[misc]
            embeddings,
            segmentations=segmentations,
            num_clusters=num_clusters and min(num_clusters, there),
            min_clusters=min_clusters and min(min_clusters, there),
            **named,
        )


class BoundedAgglomerative(_Bounded, AgglomerativeClustering):  # type: ignore[misc]
    """For speaker-diarization-3.1."""


class BoundedVbx(_Bounded, VBxClustering):  # type: ignore[misc]
    """For community-1."""
