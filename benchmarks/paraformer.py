"""Our Paraformer compared with funasr-onnx at its defaults, with the same weights and audio chunks, in one run.

The library is no dependency, because it requires numpy 1. Into an environment of ours it goes with

    pip install --no-deps funasr-onnx kaldi-native-fbank

Without the weights, `--made-up` measures networks of their size with random weights; the ratios still hold.
"""

import functools
import multiprocessing
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import jiwer
from rich.console import Console
from rich.table import Table

from backend.engines.chunking import AudioChunk, split_speech
from backend.engines.cores import threads_for
from backend.engines.protocols import Approximation, EngineContext, Precision, TranscribeOptions
from backend.engines.registry import fetch_command
from backend.engines.wav_reader import WavReader, as_floats
from backend.settings import ROOT
from backend.speech.text import spoken_characters
from benchmarks.accuracy import read_stm
from benchmarks.comparison import EngineCall, Variant, as_wav, run_alternately, start
from benchmarks.machine import describe

_MODELS = ("seaco-paraformer", "seaco-paraformer-int8", "fsmn-vad", "ct-punc")
_PACKAGES = "pip install --no-deps funasr-onnx kaldi-native-fbank"
_COLUMNS = (
    "recording",
    "variant",
    "seconds",
    "real-time factor",
    "times the library",
    "peak MB",
    "empty chunks",
    "CER",
)


@dataclass(frozen=True, slots=True)
class Recognition:
    """The text of a recording by one variant, and how many of the audio chunks stayed empty."""

    text: str
    pieces: int
    silent: int


def run(shared: Path, names: list[str], rounds: int, made_up: bool) -> int:
    """Print the table; returns 1 if ours leaves more chunks empty than the library does, or a chunk failed."""
    if find_spec("funasr_onnx") is None:
        raise SystemExit(f"funasr-onnx is not installed. It is no dependency of ours: {_PACKAGES}")
    console = Console()
    console.print(describe(), highlight=False)
    table = Table(*_COLUMNS)
    worse = False
    with tempfile.TemporaryDirectory() as folder:
        models = random_models(shared / "models", Path(folder)) if made_up else _installed(ROOT / "models")
        onnx = _exported(models / "seaco-paraformer", Path(folder) / "onnx")
        variants = [
            start("funasr-onnx, its defaults", library, models, onnx),
            start("ours, float32", ours, models, "float32"),
            start("ours, bfloat16", ours, models, "bfloat16"),
            start("ours, int8", ours, models, "int8"),
        ]
        try:
            for name in names:
                meeting = shared / "audio/meetings" / name
                wav = as_wav(meeting.with_suffix(".flac"), Path(folder) / f"{name}.wav")
                found = run_alternately(variants, wav, rounds)
                # random text has no reference: compare with our own result in float32
                right = found[1].text if made_up else _read(meeting.with_suffix(".stm"))
                for variant, recognition in zip(variants, found, strict=True):
                    table.add_row(name, *_row(variant, variants[0], recognition, right, wav))
                worse = worse or found[1].silent > found[0].silent
        finally:
            for variant in variants:
                variant.process.kill()
    console.print(table)
    return 1 if worse else 0


def ours(models: Path, precision: Precision | Literal["int8"]) -> EngineCall[Recognition]:
    """The product's engine with the threads it gets while a diarizer runs."""
    from backend.engines.funasr import FunAsr, funasr_int8

    threads = threads_for("transcribe")
    if precision == "int8":
        engine = funasr_int8(EngineContext(models, threads))
    else:
        engine = FunAsr(EngineContext(models, threads, approximation=Approximation(recogniser=precision)))
    cuts: dict[Path, list[AudioChunk]] = {}  # computed in the round that is not counted; the engine computes its own

    def transcribe(wav: Path) -> Recognition:
        sentences = engine.transcribe(wav, TranscribeOptions(), lambda _done, _total: None)
        if failed := [sentence.start for sentence in sentences if sentence.error]:
            raise SystemExit(f"Pieces that could not be recognised, at {failed}.")
        words = [word for sentence in sentences for word in sentence.words]
        if wav not in cuts:
            cuts[wav] = _pieces(engine._vad, wav)
        pieces = cuts[wav]
        silent = [this for this in pieces if not any(this.first <= word.start < this.last for word in words)]
        return Recognition("".join(spoken_characters(word.text) for word in words).lower(), len(pieces), len(silent))

    return transcribe


def library(models: Path, onnx: Path) -> EngineCall[Recognition]:
    """As its documentation shows it: four threads, one chunk at a time. It gets our chunks and adds no punctuation."""
    from funasr_onnx import SeacoParaformer

    from backend.engines.vad import Vad

    vad = Vad(models / "fsmn-vad", threads_for("transcribe"))
    model = SeacoParaformer(str(onnx))

    def transcribe(wav: Path) -> Recognition:
        pieces = _pieces(vad, wav)
        with WavReader(wav) as sound:
            # one chunk per call: of several it returns only the first
            heard = [model(as_floats(sound.read(this.start, this.end)), hotwords="的") for this in pieces]
        texts = [spoken_characters("".join(_text(result) for result in results)).lower() for results in heard]
        return Recognition("".join(texts), len(pieces), texts.count(""))

    return transcribe


def _text(result: dict[str, Any]) -> str:
    text = result["preds"]
    return text if isinstance(text, str) else text[0]


def _pieces(vad: Any, wav: Path) -> list[AudioChunk]:
    with WavReader(wav) as sound:
        return split_speech(vad.detect(sound), sound.duration, sound.find_quietest)


def _row(
    variant: Variant[Recognition], library: Variant[Recognition], recognition: Recognition, right: str, wav: Path
) -> Iterator[str]:
    with WavReader(wav) as sound:
        factor = variant.median / sound.duration
    yield from (variant.name, f"{variant.median:.2f}", f"{factor:.4f}", f"{library.median / variant.median:.2f}")
    yield from (f"{variant.megabytes:.0f}", f"{recognition.silent} of {recognition.pieces}")
    yield f"{100 * jiwer.cer(right, recognition.text):.1f} %"


def _read(stm: Path) -> str:
    return "".join(spoken_characters(row.text).lower() for row in read_stm(stm))


def _installed(models: Path) -> Path:
    if missing := [name for name in _MODELS if not (models / name).is_dir()]:
        wanted = " and ".join(missing)
        raise SystemExit(f"{wanted} are not in {models}: {fetch_command('int8')}, or measure with --made-up.")
    return models


def random_models(installed: Path, folder: Path) -> Path:
    """A folder of models where FunASR's have random weights and the size of the published ones."""
    models = folder / "models"
    _in_subprocess(_build_random_models, models)
    for name in ("fsmn-vad", "pyannote-3.1"):
        (models / name).symlink_to((installed / name).resolve())
    return models


def _build_random_models(models: Path) -> None:
    from backend.weights import int8
    from tests.engines.tiny_funasr import LARGE, LARGE_PUNCTUATION, build_punctuation, build_recogniser

    build_recogniser(models / "seaco-paraformer", size=LARGE)
    build_punctuation(models / "ct-punc", size=LARGE_PUNCTUATION)
    (models / "seaco-paraformer-int8").mkdir()
    int8.main([str(models / "seaco-paraformer"), str(models / "seaco-paraformer-int8")])


def _exported(recogniser: Path, target: Path) -> Path:
    """The model folder of funasr-onnx, exported by funasr from these weights."""
    target.mkdir()
    for name in ("config.yaml", "am.mvn", "tokens.json"):
        shutil.copy(recogniser / name, target)
    _in_subprocess(_export, recogniser, target)
    return target


def _export(recogniser: Path, target: Path) -> None:
    from backend.engines.automodel import load

    model = load(recogniser, 1, "cpu")
    import torch

    # its code cannot be traced by torch's new exporter
    torch.onnx.export = functools.partial(torch.onnx.export, dynamo=False)
    model.export(type="onnx", quantize=False, output_dir=str(target), device="cpu")


def _in_subprocess(task: Any, *given: Path) -> None:
    """Run in a subprocess, so that its memory and patches end with it."""
    process = multiprocessing.get_context("spawn").Process(target=task, args=given)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{task.__name__} failed.")
