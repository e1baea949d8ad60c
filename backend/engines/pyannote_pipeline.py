"""pyannote's own pipeline without its waste: the same turns in a small fraction of the time and memory.

The stock pipeline sends a chunk of 10 s through the ResNet once for each of its three speaker slots, spoken in or not;
only the weights of the pooling at the end differ. The model takes all weights of a chunk at once: one pass, three
poolings. A chunk in which nobody speaks needs no pass: pooled with no weight at all, any audio gives the same vector.
Chunks follow each other by 1 s, so each second is still convolved ten times. With `pass_seconds` the convolutions go
over that much audio at once and each chunk is pooled from its share of the frames: no longer the same numbers (the
spectrum is centred over the pass, not over the chunk), so it is measured by the error rate; see benchmarks/RESULTS.md.

Imported by `backend.engines.pyannote` only, once it has set what must be set before pyannote is imported.
"""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from math import ceil
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import yaml
from pyannote.audio.pipelines import SpeakerDiarization, clustering
from pyannote.audio.pipelines.clustering import AgglomerativeClustering, VBxClustering
from pyannote.audio.utils.reproducibility import fix_reproducibility
from pyannote.core import Segment, SlidingWindow, SlidingWindowFeature
from scipy.cluster.hierarchy import linkage
from torch.nn.functional import pad
from torch.serialization import get_unsafe_globals_in_checkpoint

from backend.checksums import sha256
from backend.engines.linkage import centroid_linkage
from backend.engines.passes import Passes
from backend.engines.ports import EngineError, Thrift
from backend.engines.precision import narrow
from backend.engines.side_by_side import side_by_side
from backend.weights.catalogue import MODELS

#: What a checkpoint of ours names, beside tensors and plain values.
_IN_OUR_CHECKPOINTS = {f"pyannote.audio.core.task.{name}" for name in ("Specifications", "Problem", "Resolution")}
#: Chunks the segmentation model hears at once: more do not fit the cache of a CPU.
_CPU_BATCH, _GPU_BATCH = 4, 32
#: Frames of the ResNet in a second of audio: it halves the 100 of the spectrum three times.
_FRAMES = 12.5
#: Passes a CPU makes at once; each holds about 300 MB meanwhile.
_MOST_PASSES = 4

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]


def load(folder: Path, threads: int, thrift: Thrift) -> "Thrifty":
    """The pipeline that `folder`/config.yaml describes. All it names must be local: nothing is ever downloaded."""
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
    if (model := MODELS.get(folder.name)) is not None:
        for path in model.good:  # perhaps made on this machine: then no catalogue vouches for them
            if path.endswith(".bin") and sha256(folder / path) not in model.allowed(path):
                _check_pickle(folder / path)
    # the one thing of its clusterings that does not bear long recordings
    clustering.linkage = _linkage
    pipeline = Thrifty(thrift, threads, **parts)
    pipeline.instantiate(values)
    return pipeline


def _check_pickle(path: Path) -> None:
    """Refuse a checkpoint that names anything but what ours are made of: to load it would be to run that."""
    try:
        named = set(get_unsafe_globals_in_checkpoint(path))
    except (RuntimeError, ValueError, UnpicklingError) as error:
        raise EngineError("model_damaged", f"{path.parent.name} of the model is no checkpoint.") from error
    if not named <= _IN_OUR_CHECKPOINTS:
        raise EngineError("model_damaged", f"{path.parent.name} of the model holds what no checkpoint of ours does.")


class Thrifty(SpeakerDiarization):  # type: ignore[misc]  # pyannote is untyped
    """A drop-in for SpeakerDiarization whose embedding model is one of the WeSpeaker ResNets.

    Audio may come as 16-bit integers: where these are mapped from a file, hours of them are never all in memory.
    """

    def __init__(self, thrift: Thrift, threads: int = 1, **parts: Any) -> None:
        super().__init__(**parts)
        metric = self._embedding.metric
        vbx = self.klustering == "VBxClustering"
        self.clustering = BoundedVbx(self._plda, metric=metric) if vbx else BoundedAgglomerative(metric=metric)
        on_gpu = torch.cuda.is_available()
        self._threads, self._on_gpu = threads, on_gpu
        if on_gpu:
            self.to(torch.device("cuda"))
        self.bf16 = narrow(thrift.precision, "cuda" if on_gpu else "cpu")
        self.pass_seconds = thrift.pass_seconds
        self._segmentation.step = thrift.step_seconds
        self._segmentation.batch_size = _GPU_BATCH if on_gpu else _CPU_BATCH
        self._segmentation.model.register_forward_pre_hook(lambda _model, given: (_as_floats(given[0]),))
        self.passes = Passes(None)
        #: all that makes one run's numbers differ from another's
        self.manner = on_gpu, self.bf16, thrift.pass_seconds, thrift.step_seconds
        # a layout the convolutions like: a fifth faster on a CPU, the same numbers
        self._embedding.model_.resnet.to(memory_format=torch.channels_last)

    def get_segmentations(self, file: Any, hook: Callable[..., None] | None = None) -> SlidingWindowFeature:
        """Who speaks when in each chunk: (chunks, frames, slots). Fewer chunks at once where memory is short.

        The library's loop (`Inference.slide`) keeps an array of each batch. Between the networks' large and short-lived
        ones these hold gigabytes of the heap open; here all lie in one, in bytes where a slot speaks or does not.
        """
        inference = self._segmentation
        fix_reproducibility(inference.device)
        waveform, rate = inference.model.audio(file)
        size, step = inference.model.audio.get_num_samples(inference.duration), round(inference.step * rate)
        whole = max(0, (waveform.shape[1] - size) // step + 1)
        chunks = whole + (waveform.shape[1] < size or (waveform.shape[1] - size) % step > 0)
        firsts = [*range(0, whole, inference.batch_size), *range(whole, chunks)]  # what the end cuts short is alone

        @cache
        def nothing() -> Any:
            return self._infer(torch.zeros(1, len(waveform), size))

        def hear(first: int, last: int) -> Any:
            batch = _cut(waveform, first, last, size, step)
            # nothing at all, as programs send it while nobody speaks, always sounds the same
            return self._infer(batch) if batch.any() else nothing().repeat(last - first, axis=0)

        def heard(batch: tuple[int, int]) -> Any:
            return self.passes.once("segmentation", batch[0], batch[1] - batch[0], lambda: hear(*batch))

        found = np.empty((0, 0, 0))
        batches = list(pairwise([*firsts, chunks]))
        for (first, last), of_batch in zip(batches, side_by_side(heard, batches, self._workers()), strict=True):
            if hook is not None:
                hook("segmentation", None, total=chunks, completed=first)
            if not len(found):
                found = np.empty((chunks, *of_batch.shape[1:]), of_batch.dtype)
            found[first:last] = of_batch
        if hook is not None:
            hook("segmentation", None, total=chunks, completed=chunks)
        window = SlidingWindow(start=0.0, duration=inference.duration, step=inference.step)
        return SlidingWindowFeature(found, window)

    def _workers(self, most: int = 64) -> int:
        """How many threads of ours may use a network at once, and how many each may multiply with: many small products
        are done better by many than by several together, and whoever does them, they come out the same."""
        workers = 1 if self._on_gpu else min(self._threads, most)
        torch.set_num_threads(max(1, self._threads // workers))
        return workers

    def _infer(self, chunks: torch.Tensor) -> Any:
        """What the segmentation model hears in chunks (chunks, channels, samples): (chunks, frames, slots). In halves
        where memory is short."""
        heard = None
        try:
            heard = self._segmentation.infer(chunks)
        except MemoryError:
            if len(chunks) == 1:
                raise
        if heard is None:
            return np.concatenate([self._infer(half) for half in chunks.tensor_split(2)])
        return heard.astype(np.uint8) if self._segmentation.model.specifications.powerset else heard

    def get_embeddings(
        self,
        file: Any,
        binary_segmentations: SlidingWindowFeature,
        exclude_overlap: bool = False,
        hook: Callable[..., None] | None = None,
    ) -> Floats:
        """One embedding for each chunk and speaker slot: (chunks, slots, dimension)."""
        window, segmentations = binary_segmentations.sliding_window, binary_segmentations.data
        chunks, frames, slots = segmentations.shape
        embeddings = np.empty((chunks, slots, self._embedding.dimension), np.float32)
        embeddings[:] = self._nobody(frames)
        passes = list(_passes(np.flatnonzero((segmentations > 0).any(axis=(1, 2))), window, self.pass_seconds))

        def embed(passed: Indices) -> Floats:
            spoken = np.nan_to_num(segmentations[passed], nan=0.0).astype(np.float32)
            weights = self._alone(spoken, window.duration) if exclude_overlap else spoken
            return self._pass(file, window, passed, weights)

        def embedded(passed: Indices) -> Floats:
            return self.passes.once("embeddings", int(passed[0]), len(passed), lambda: embed(passed))

        for passed, made in zip(passes, side_by_side(embedded, passes, self._workers(_MOST_PASSES)), strict=True):
            if hook is not None:
                hook("embeddings", None, total=chunks, completed=int(passed[0]))
            embeddings[passed] = made
        if hook is not None:
            hook("embeddings", None, total=chunks, completed=chunks)
        return embeddings

    def _pass(self, file: Any, window: SlidingWindow, chunks: Indices, weights: Floats) -> Floats:
        """Convolve what these chunks cover once, and pool each of them by its weights (frames, slots): embeddings
        (chunks, slots, dimension). In halves where memory is short."""
        covered = Segment(window[int(chunks[0])].start, window[int(chunks[-1])].end)
        audio = _as_floats(self._audio.crop(file, covered, mode="pad")[0])
        frames: torch.Tensor | None = None
        try:
            frames = self._frames(audio[None])
        except torch.OutOfMemoryError:
            if len(chunks) == 1:
                raise
        if frames is None:  # not while the error is handled: until then it holds on to all the failed pass has made
            halves = zip(np.array_split(chunks, 2), np.array_split(weights, 2), strict=True)
            return np.concatenate([self._pass(file, window, half, own) for half, own in halves])
        length = round(window.duration * _FRAMES)
        embeddings = []
        for chunk, own in zip(chunks, weights, strict=True):
            first = round(float(chunk - chunks[0]) * window.step * _FRAMES)
            of_chunk = frames[..., first : first + length] if len(chunks) > 1 else frames
            embeddings.append(self._pool(of_chunk, torch.from_numpy(own.T[None])))
        return np.stack(embeddings)

    def _frames(self, audio: torch.Tensor) -> torch.Tensor:
        """What the convolutions make of audio (1, 1, samples)."""
        device = self._embedding.device
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=self.bf16):
            frames: torch.Tensor = self._embedding.model_.forward_frames(audio.to(device)).float()
        return frames

    def _pool(self, frames: torch.Tensor, weights: torch.Tensor) -> Floats:
        """Frames of one chunk, and weights (1, slots, frames), to embeddings (slots, dimension)."""
        with torch.inference_mode():
            found = self._embedding.model_.forward_embedding(frames, weights=weights.contiguous().to(frames.device))
        numbers: Floats = found[0].cpu().numpy()
        return numbers

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
        silence = torch.zeros(1, 1, self._embedding.sample_rate)
        nobody: Floats = self._pool(self._frames(silence), torch.zeros(1, 1, frames))[0]
        return nobody

    def reconstruct(
        self, segmentations: SlidingWindowFeature, hard_clusters: npt.NDArray[np.int8], count: SlidingWindowFeature
    ) -> SlidingWindowFeature:
        """Who speaks in each frame of the recording, as the stock pipeline says it, one chunk in memory at a time."""
        return self.to_diarization(_Clustered(segmentations, hard_clusters), count)


class _Clustered:
    """Chunks whose slots are voices by now, made as they are asked for: together they are gigabytes."""

    def __init__(self, segmentations: SlidingWindowFeature, clusters: npt.NDArray[np.int8]) -> None:
        self._segmentations = segmentations
        self._clusters = clusters
        self.sliding_window = segmentations.sliding_window
        chunks, frames, _ = segmentations.data.shape
        self.data = np.broadcast_to(np.float32(np.nan), (chunks, frames, int(clusters.max()) + 1))  # its shape is asked

    def __iter__(self) -> Iterator[tuple[Segment, Floats]]:
        for clusters, (chunk, segmentation) in zip(self._clusters, self._segmentations, strict=True):
            voices = np.full(self.data.shape[1:], np.nan)
            for voice in np.unique(clusters[clusters >= 0]):
                voices[:, voice] = segmentation[:, clusters == voice].max(axis=1)
            yield chunk, voices


def _cut(waveform: torch.Tensor, first: int, last: int, size: int, step: int) -> torch.Tensor:
    """Chunks (chunks, channels, samples) of a waveform (channels, samples), silent beyond its end."""
    part = waveform[:, first * step : (last - 1) * step + size]
    part = pad(part, (0, (last - 1 - first) * step + size - part.shape[1]))
    return part.unfold(1, size, step).transpose(0, 1)


def _passes(chunks: Indices, window: SlidingWindow, seconds: float) -> Iterator[Indices]:
    """Chunks that are convolved together: neighbours without a gap, that cover no more than so many seconds; an even
    number of passes alike in length, where that makes no short ones, so that two workers end together."""
    together = max(1, int((seconds - window.duration) // window.step) + 1)
    gaps = [at + 1 for at, (one, other) in enumerate(pairwise(chunks)) if (other - one) * window.step > window.duration]
    for stretch in np.split(chunks, gaps):
        span = int(stretch[-1] - stretch[0]) + 1 if len(stretch) else 0
        parts = ceil(span / together)
        if span > together / 2:
            parts += parts % 2
        first = 0
        while first < len(stretch):
            last = int(np.searchsorted(stretch, stretch[first] + ceil(span / parts)))
            yield stretch[first:last]
            first = last


def _as_floats(samples: torch.Tensor) -> torch.Tensor:
    return samples.float().div_(32768) if samples.dtype == torch.int16 else samples


def _linkage(vectors: Floats, method: str = "single", metric: str = "euclidean") -> Any:
    """scipy's, but for the one method whose cost is too much for long recordings."""
    if method == "centroid" and metric == "euclidean":
        return centroid_linkage(vectors)
    return linkage(vectors, method=method, metric=metric)


def _local(folder: Path, value: Any) -> Any:
    """`$model/x` is x in the folder of the pipeline."""
    if isinstance(value, str) and value.startswith("$model/"):
        return str(folder / value.removeprefix("$model/"))
    return value


class _Bounded:
    """What both clusterings lack: they never cluster into more voices than there are embeddings."""

    def __call__(
        self,
        embeddings: Floats,
        segmentations: SlidingWindowFeature | None = None,
        num_clusters: int | None = None,
        min_clusters: int | None = None,
        **named: Any,
    ) -> Any:
        kept = self.filter_embeddings(embeddings, segmentations=segmentations)  # type: ignore[attr-defined]
        there = max(1, len(kept[0]))
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
