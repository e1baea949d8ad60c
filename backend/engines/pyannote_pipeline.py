"""A faster version of pyannote's pipeline: the same turns in a small fraction of the time and memory.

The stock pipeline sends each chunk of 10 s through the ResNet once for each of its three speaker slots, even if nobody
speaks in them; only the pooling weights at the end differ. Here a chunk passes the ResNet once and is pooled three
times. A chunk in which nobody speaks needs no pass: pooled with weights of zero, any audio gives the same vector.
Chunks start 1 s apart, so each second would still be convolved ten times. With `pass_seconds` that much audio is
convolved at once and each chunk is pooled from its share of the frames. This changes the numbers (the spectrum is
centred over the pass, not over the chunk), so its effect on the error rate is measured in benchmarks/RESULTS.md.

Only `backend.engines.pyannote` imports this module, after it has set what pyannote reads at import.
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
from backend.engines.diarizer_cache import DiarizerCache
from backend.engines.linkage import centroid_linkage
from backend.engines.parallel import map_in_order
from backend.engines.precision import use_bfloat16
from backend.engines.protocols import Approximation, EngineError
from backend.weights.catalogue import MODELS

#: The classes in our checkpoints, apart from tensors and plain values.
_CHECKPOINT_CLASSES = {f"pyannote.audio.core.task.{name}" for name in ("Specifications", "Problem", "Resolution")}
#: Chunks in one batch of the segmentation model: more do not fit the cache of a CPU.
_CPU_BATCH, _GPU_BATCH = 4, 32
#: Frames of the ResNet per second of audio: it halves the 100 of the spectrum three times.
_FRAMES_PER_SECOND = 12.5
#: Passes of the ResNet at once on a CPU; each needs about 300 MB.
_MAX_PARALLEL_PASSES = 4

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]


def load(folder: Path, threads: int, approximation: Approximation) -> "FastDiarization":
    """The pipeline described by `folder`/config.yaml. All its files must be local: nothing is downloaded."""
    config = yaml.safe_load((folder / "config.yaml").read_text())
    try:
        parts = {name: _local(folder, value) for name, value in config["pipeline"]["params"].items()}
        for part in ("segmentation", "embedding", "plda"):
            if not Path(parts[part]).exists():
                raise EngineError("model_damaged", f"{folder.name} has no local {part}: it names {parts[part]}.")
        values = config["params"]
        if parts["clustering"] not in ("AgglomerativeClustering", "VBxClustering"):
            raise EngineError("model_damaged", f"{folder.name} uses {parts['clustering']}, which is not supported.")
    except (KeyError, TypeError) as error:
        raise EngineError("model_damaged", f"The config.yaml of {folder.name} does not describe a pipeline.") from error
    if (model := MODELS.get(folder.name)) is not None:
        for path in model.known_hashes:  # generated on this machine, perhaps with hashes that are not in the catalogue
            if path.endswith(".bin") and sha256(folder / path) not in model.allowed_hashes(path):
                _check_pickle(folder / path)
    # scipy's linkage needs too much memory for long recordings
    clustering.linkage = _linkage
    pipeline = FastDiarization(approximation, threads, **parts)
    pipeline.instantiate(values)
    return pipeline


def _check_pickle(path: Path) -> None:
    """Refuse a checkpoint that names other classes than ours do: loading it could run their code."""
    try:
        named = set(get_unsafe_globals_in_checkpoint(path))
    except (RuntimeError, ValueError, UnpicklingError) as error:
        raise EngineError("model_damaged", f"{path.parent.name} of the model is not a checkpoint.") from error
    if not named <= _CHECKPOINT_CLASSES:
        raise EngineError(
            "model_damaged", f"{path.parent.name} of the model names classes that our checkpoints do not."
        )


class FastDiarization(SpeakerDiarization):  # type: ignore[misc]  # pyannote is untyped
    """A drop-in replacement for SpeakerDiarization with a WeSpeaker ResNet as its embedding model.

    Audio may be 16-bit integers: if they are memory-mapped from a file, hours of audio are never all in memory.
    """

    def __init__(self, approximation: Approximation, threads: int = 1, **parts: Any) -> None:
        super().__init__(**parts)
        metric = self._embedding.metric
        vbx = self.klustering == "VBxClustering"
        self.clustering = BoundedVbx(self._plda, metric=metric) if vbx else BoundedAgglomerative(metric=metric)
        on_gpu = torch.cuda.is_available()
        self._threads, self._on_gpu = threads, on_gpu
        if on_gpu:
            self.to(torch.device("cuda"))
        self.bf16 = use_bfloat16(approximation.precision, "cuda" if on_gpu else "cpu")
        self.pass_seconds = approximation.pass_seconds
        self._segmentation.step = approximation.step_seconds
        self._segmentation.batch_size = _GPU_BATCH if on_gpu else _CPU_BATCH
        self._segmentation.model.register_forward_pre_hook(lambda _model, inputs: (_as_floats(inputs[0]),))
        self.cache = DiarizerCache(None)
        #: the settings that change the computed numbers; part of the fingerprint of the cache
        self.numeric_settings = on_gpu, self.bf16, approximation.pass_seconds, approximation.step_seconds
        # with this memory layout the convolutions are a fifth faster on a CPU, with the same numbers
        self._embedding.model_.resnet.to(memory_format=torch.channels_last)

    def get_segmentations(self, file: Any, hook: Callable[..., None] | None = None) -> SlidingWindowFeature:
        """Who speaks when in each chunk: (chunks, frames, slots). Batches are halved if memory is short.

        The library's loop (`Inference.slide`) keeps one array per batch. These are allocated between the networks'
        large temporary arrays and fragment the heap by gigabytes. Here one array has all results, as bytes if binary.
        """
        inference = self._segmentation
        fix_reproducibility(inference.device)
        waveform, rate = inference.model.audio(file)
        size, step = inference.model.audio.get_num_samples(inference.duration), round(inference.step * rate)
        complete = max(0, (waveform.shape[1] - size) // step + 1)
        chunks = complete + (waveform.shape[1] < size or (waveform.shape[1] - size) % step > 0)
        firsts = [*range(0, complete, inference.batch_size), *range(complete, chunks)]  # an incomplete chunk is a batch

        @cache
        def digital_silence() -> Any:
            return self._infer(torch.zeros(1, len(waveform), size))

        def segment(first: int, last: int) -> Any:
            batch = _chunks(waveform, first, last, size, step)
            # samples of zero, as programs send them while nobody speaks, always give the same result
            return self._infer(batch) if batch.any() else digital_silence().repeat(last - first, axis=0)

        own_cache = self.cache  # another request may have a turn meanwhile, and its own cache

        def segment_cached(batch: tuple[int, int]) -> Any:
            return own_cache.get_or_compute("segmentation", batch[0], batch[1] - batch[0], lambda: segment(*batch))

        result = np.empty((0, 0, 0))
        batches = list(pairwise([*firsts, chunks]))
        results = map_in_order(segment_cached, batches, self._workers())
        for (first, last), batch_result in zip(batches, results, strict=True):
            if hook is not None:
                hook("segmentation", None, total=chunks, completed=first)
            if not len(result):
                result = np.empty((chunks, *batch_result.shape[1:]), batch_result.dtype)
            result[first:last] = batch_result
        if hook is not None:
            hook("segmentation", None, total=chunks, completed=chunks)
        window = SlidingWindow(start=0.0, duration=inference.duration, step=inference.step)
        return SlidingWindowFeature(result, window)

    def _workers(self, most: int = 64) -> int:
        """The number of worker threads that use a network at once. Also sets how many threads torch uses in each: many
        small products are faster in many threads than with several threads each, and give the same numbers."""
        workers = 1 if self._on_gpu else min(self._threads, most)
        torch.set_num_threads(max(1, self._threads // workers))
        return workers

    def _infer(self, chunks: torch.Tensor) -> Any:
        """The segmentation model's output for chunks (chunks, channels, samples): (chunks, frames, slots). Halved if
        memory is short."""
        output = None
        try:
            output = self._segmentation.infer(chunks)
        except MemoryError:
            if len(chunks) == 1:
                raise
        if output is None:
            return np.concatenate([self._infer(half) for half in chunks.tensor_split(2)])
        return output.astype(np.uint8) if self._segmentation.model.specifications.powerset else output

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
        embeddings[:] = self._silence_embedding(frames)
        passes = list(_passes(np.flatnonzero((segmentations > 0).any(axis=(1, 2))), window, self.pass_seconds))

        def embed(passed: Indices) -> Floats:
            spoken = np.nan_to_num(segmentations[passed], nan=0.0).astype(np.float32)
            weights = self._without_overlap(spoken, window.duration) if exclude_overlap else spoken
            return self._embed_pass(file, window, passed, weights)

        own_cache = self.cache

        def embed_cached(passed: Indices) -> Floats:
            return own_cache.get_or_compute("embeddings", int(passed[0]), len(passed), lambda: embed(passed))

        results = map_in_order(embed_cached, passes, self._workers(_MAX_PARALLEL_PASSES))
        for passed, result in zip(passes, results, strict=True):
            if hook is not None:
                hook("embeddings", None, total=chunks, completed=int(passed[0]))
            embeddings[passed] = result
        if hook is not None:
            hook("embeddings", None, total=chunks, completed=chunks)
        return embeddings

    def _embed_pass(self, file: Any, window: SlidingWindow, chunks: Indices, weights: Floats) -> Floats:
        """Convolve the audio of these chunks once, and pool each chunk with its weights (frames, slots): embeddings
        (chunks, slots, dimension). Halved if memory is short."""
        covered = Segment(window[int(chunks[0])].start, window[int(chunks[-1])].end)
        audio = _as_floats(self._audio.crop(file, covered, mode="pad")[0])
        frames: torch.Tensor | None = None
        try:
            frames = self._frames(audio[None])
        except torch.OutOfMemoryError:
            if len(chunks) == 1:
                raise
        if frames is None:  # outside the except block: inside it the exception keeps the tensors of the failed pass
            halves = zip(np.array_split(chunks, 2), np.array_split(weights, 2), strict=True)
            return np.concatenate([self._embed_pass(file, window, half, own) for half, own in halves])
        length = round(window.duration * _FRAMES_PER_SECOND)
        embeddings = []
        for chunk, own in zip(chunks, weights, strict=True):
            first = round(float(chunk - chunks[0]) * window.step * _FRAMES_PER_SECOND)
            of_chunk = frames[..., first : first + length] if len(chunks) > 1 else frames
            embeddings.append(self._pool(of_chunk, torch.from_numpy(own.T[None])))
        return np.stack(embeddings)

    def _frames(self, audio: torch.Tensor) -> torch.Tensor:
        """The output of the convolutions for audio (1, 1, samples)."""
        device = self._embedding.device
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=self.bf16):
            frames: torch.Tensor = self._embedding.model_.forward_frames(audio.to(device)).float()
        return frames

    def _pool(self, frames: torch.Tensor, weights: torch.Tensor) -> Floats:
        """Frames of one chunk, and weights (1, slots, frames), to embeddings (slots, dimension)."""
        with torch.inference_mode():
            output = self._embedding.model_.forward_embedding(frames, weights=weights.contiguous().to(frames.device))
        embeddings: Floats = output[0].cpu().numpy()
        return embeddings

    def _without_overlap(self, spoken: Floats, duration: float) -> Floats:
        """The frames in which only one speaker speaks, or all frames of a speaker if those are too few."""
        frames = spoken.shape[1]
        min_frames = np.ceil(frames * self._embedding.min_num_samples / (duration * self._embedding.sample_rate))
        single = spoken * (spoken.sum(axis=2, keepdims=True) < 2)
        enough = single.sum(axis=1, keepdims=True) > min_frames
        weights: Floats = np.where(enough, single, spoken)
        return weights

    def _silence_embedding(self, frames: int) -> Floats:
        """The embedding of a slot in which nobody speaks, as in the stock pipeline: the clustering expects it."""
        silence = torch.zeros(1, 1, self._embedding.sample_rate)
        embedding: Floats = self._pool(self._frames(silence), torch.zeros(1, 1, frames))[0]
        return embedding

    def reconstruct(
        self, segmentations: SlidingWindowFeature, hard_clusters: npt.NDArray[np.int8], count: SlidingWindowFeature
    ) -> SlidingWindowFeature:
        """Who speaks in each frame of the recording, as in the stock pipeline, with only one chunk in memory."""
        return self.to_diarization(_ClusteredSegmentations(segmentations, hard_clusters), count)


class _ClusteredSegmentations:
    """Segmentations by voice instead of by slot. Each chunk is computed when it is needed: together they would need
    gigabytes."""

    def __init__(self, segmentations: SlidingWindowFeature, clusters: npt.NDArray[np.int8]) -> None:
        self._segmentations = segmentations
        self._clusters = clusters
        self.sliding_window = segmentations.sliding_window
        chunks, frames, _ = segmentations.data.shape
        self.data = np.broadcast_to(np.float32(np.nan), (chunks, frames, int(clusters.max()) + 1))  # only for its shape

    def __iter__(self) -> Iterator[tuple[Segment, Floats]]:
        for clusters, (chunk, segmentation) in zip(self._clusters, self._segmentations, strict=True):
            voices = np.full(self.data.shape[1:], np.nan)
            for voice in np.unique(clusters[clusters >= 0]):
                voices[:, voice] = segmentation[:, clusters == voice].max(axis=1)
            yield chunk, voices


def _chunks(waveform: torch.Tensor, first: int, last: int, size: int, step: int) -> torch.Tensor:
    """Chunks (chunks, channels, samples) of a waveform (channels, samples), padded with silence at its end."""
    part = waveform[:, first * step : (last - 1) * step + size]
    part = pad(part, (0, (last - 1 - first) * step + size - part.shape[1]))
    return part.unfold(1, size, step).transpose(0, 1)


def _passes(chunks: Indices, window: SlidingWindow, seconds: float) -> Iterator[Indices]:
    """Groups of chunks that are convolved together: neighbours without a gap that cover at most this many seconds. An
    even number of passes of similar length, unless that makes short ones, so that two workers finish together."""
    max_chunks = max(1, int((seconds - window.duration) // window.step) + 1)
    gaps = [at + 1 for at, (one, other) in enumerate(pairwise(chunks)) if (other - one) * window.step > window.duration]
    for group in np.split(chunks, gaps):
        span = int(group[-1] - group[0]) + 1 if len(group) else 0
        parts = ceil(span / max_chunks)
        if span > max_chunks / 2:
            parts += parts % 2
        first = 0
        while first < len(group):
            last = int(np.searchsorted(group, group[first] + ceil(span / parts)))
            yield group[first:last]
            first = last


def _as_floats(samples: torch.Tensor) -> torch.Tensor:
    return samples.float().div_(32768) if samples.dtype == torch.int16 else samples


def _linkage(vectors: Floats, method: str = "single", metric: str = "euclidean") -> Any:
    """scipy's linkage, except for the one method that is too expensive for long recordings."""
    if method == "centroid" and metric == "euclidean":
        return centroid_linkage(vectors)
    return linkage(vectors, method=method, metric=metric)


def _local(folder: Path, value: Any) -> Any:
    """`$model/x` is x in the folder of the pipeline."""
    if isinstance(value, str) and value.startswith("$model/"):
        return str(folder / value.removeprefix("$model/"))
    return value


class _Bounded:
    """Limits the number of clusters to the number of embeddings, which both clusterings do not do themselves."""

    def __call__(
        self,
        embeddings: Floats,
        segmentations: SlidingWindowFeature | None = None,
        num_clusters: int | None = None,
        min_clusters: int | None = None,
        **named: Any,
    ) -> Any:
        filtered = self.filter_embeddings(embeddings, segmentations=segmentations)  # type: ignore[attr-defined]
        available = max(1, len(filtered[0]))
        return super().__call__(  # type: ignore[misc]
            embeddings,
            segmentations=segmentations,
            num_clusters=num_clusters and min(num_clusters, available),
            min_clusters=min_clusters and min(min_clusters, available),
            **named,
        )


class BoundedAgglomerative(_Bounded, AgglomerativeClustering):  # type: ignore[misc]
    """For speaker-diarization-3.1."""


class BoundedVbx(_Bounded, VBxClustering):  # type: ignore[misc]
    """For community-1."""
