"""Our Paraformer beside funasr-onnx at its defaults: the same weights and the same pieces, turn by turn in one run.

The library is no dependency: it wants numpy 1. Into an environment of ours it goes with

    pip install --no-deps funasr-onnx kaldi-native-fbank

Where the weights cannot be had, `--made-up` measures networks of their size that say nonsense: ratios hold.
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

from backend.engines.cores import threads_of
from backend.engines.cuts import Cut, cut
from backend.engines.ports import Home, Listening, Precision, Thrift
from backend.engines.sound import Sound, as_floats
from backend.engines.table import mending
from backend.settings import ROOT
from backend.speech.text import bare
from benchmarks.accuracy import read_stm
from benchmarks.machine import describe
from benchmarks.sides import Hear, Side, as_wav, start, take_turns

_MODELS = ("seaco-paraformer", "seaco-paraformer-int8", "fsmn-vad", "ct-punc")
_PACKAGES = "pip install --no-deps funasr-onnx kaldi-native-fbank"
_COLUMNS = (
    "recording",
    "variant",
    "seconds",
    "real-time factor",
    "times the library",
    "peak MB",
    "said nothing of",
    "CER",
)


@dataclass(frozen=True, slots=True)
class Said:
    """What one side made of a recording: its text, and of how many pieces it said nothing."""

    text: str
    pieces: int
    silent: int


def run(shared: Path, names: list[str], rounds: int, made_up: bool) -> int:
    """Print the table; answers 1 where ours says nothing of more pieces than the library does, or a piece failed."""
    if find_spec("funasr_onnx") is None:
        raise SystemExit(f"funasr-onnx is not installed. It is no dependency of ours: {_PACKAGES}")
    console = Console()
    console.print(describe(), highlight=False)
    table = Table(*_COLUMNS)
    worse = False
    with tempfile.TemporaryDirectory() as folder:
        models = made_up_models(shared / "models", Path(folder)) if made_up else _installed(ROOT / "models")
        onnx = _exported(models / "seaco-paraformer", Path(folder) / "onnx")
        sides = [
            start("funasr-onnx, its defaults", library, models, onnx),
            start("ours, float32", ours, models, "float32"),
            start("ours, bfloat16", ours, models, "bfloat16"),
            start("ours, int8", ours, models, "int8"),
        ]
        try:
            for name in names:
                meeting = shared / "audio/meetings" / name
                wav = as_wav(meeting.with_suffix(".flac"), Path(folder) / f"{name}.wav")
                found = take_turns(sides, wav, rounds)
                # nonsense has no errors: then it is how far each is from our own in float32
                right = found[1].text if made_up else _read(meeting.with_suffix(".stm"))
                for side, said in zip(sides, found, strict=True):
                    table.add_row(name, *_row(side, sides[0], said, right, wav))
                worse = worse or found[1].silent > found[0].silent
        finally:
            for side in sides:
                side.process.kill()
    console.print(table)
    return 1 if worse else 0


def ours(models: Path, precision: Precision | Literal["int8"]) -> Hear[Said]:
    """The product's engine with the threads it gets where a diarizer runs beside it."""
    from backend.engines.funasr import FunAsr, in_int8

    threads = threads_of("transcribe")
    if precision == "int8":
        engine = in_int8(Home(models, threads))
    else:
        engine = FunAsr(Home(models, threads, thrift=Thrift(recogniser=precision)))
    cuts: dict[Path, list[Cut]] = {}  # found once, in the round that is not counted: the engine finds its own

    def hear(wav: Path) -> Said:
        sentences = engine.transcribe(wav, Listening(), lambda _done, _total: None)
        if failed := [sentence.start for sentence in sentences if sentence.error]:
            raise SystemExit(f"Pieces that could not be recognised, at {failed}.")
        words = [word for sentence in sentences for word in sentence.words]
        if wav not in cuts:
            cuts[wav] = _pieces(engine._vad, wav)
        pieces = cuts[wav]
        silent = [this for this in pieces if not any(this.first <= word.start < this.last for word in words)]
        return Said("".join(bare(word.text) for word in words).lower(), len(pieces), len(silent))

    return hear


def library(models: Path, onnx: Path) -> Hear[Said]:
    """As its documentation has it: four threads, a piece at a time. It is given our pieces; it punctuates nothing."""
    from funasr_onnx import SeacoParaformer

    from backend.engines.vad import Vad

    vad = Vad(models / "fsmn-vad", threads_of("transcribe"))
    model = SeacoParaformer(str(onnx))

    def hear(wav: Path) -> Said:
        pieces = _pieces(vad, wav)
        with Sound(wav) as sound:
            # one in a call: of several, it loses all but the first
            heard = [model(as_floats(sound.read(this.start, this.end)), hotwords="的") for this in pieces]
        texts = [bare("".join(_text(result) for result in results)).lower() for results in heard]
        return Said("".join(texts), len(pieces), texts.count(""))

    return hear


def _text(result: dict[str, Any]) -> str:
    said = result["preds"]
    return said if isinstance(said, str) else said[0]


def _pieces(vad: Any, wav: Path) -> list[Cut]:
    with Sound(wav) as sound:
        return cut(vad.speech(sound), sound.duration, sound.quietest)


def _row(side: Side[Said], library: Side[Said], said: Said, right: str, wav: Path) -> Iterator[str]:
    with Sound(wav) as sound:
        factor = side.median / sound.duration
    yield from (side.name, f"{side.median:.2f}", f"{factor:.4f}", f"{library.median / side.median:.2f}")
    yield from (f"{side.megabytes:.0f}", f"{said.silent} of {said.pieces}")
    yield f"{100 * jiwer.cer(right, said.text):.1f} %"


def _read(stm: Path) -> str:
    return "".join(bare(row.text).lower() for row in read_stm(stm))


def _installed(models: Path) -> Path:
    if missing := [name for name in _MODELS if not (models / name).is_dir()]:
        wanted = " and ".join(missing)
        raise SystemExit(f"{wanted} are not in {models}: {mending('int8')}, or measure with --made-up.")
    return models


def made_up_models(installed: Path, folder: Path) -> Path:
    """A folder of models in which those of FunASR have the size of the published ones and random weights."""
    models = folder / "models"
    _apart(_make_up, models)
    for name in ("fsmn-vad", "pyannote-3.1"):
        (models / name).symlink_to((installed / name).resolve())
    return models


def _make_up(models: Path) -> None:
    from backend.weights import int8
    from tests.engines.tiny_funasr import LARGE, LARGE_PUNCTUATION, build_punctuation, build_recogniser

    build_recogniser(models / "seaco-paraformer", size=LARGE)
    build_punctuation(models / "ct-punc", size=LARGE_PUNCTUATION)
    (models / "seaco-paraformer-int8").mkdir()
    int8.main([str(models / "seaco-paraformer"), str(models / "seaco-paraformer-int8")])


def _exported(recogniser: Path, target: Path) -> Path:
    """The folder funasr-onnx wants: what funasr itself makes of these weights."""
    target.mkdir()
    for name in ("config.yaml", "am.mvn", "tokens.json"):
        shutil.copy(recogniser / name, target)
    _apart(_export, recogniser, target)
    return target


def _export(recogniser: Path, target: Path) -> None:
    from backend.engines.automodel import load

    model = load(recogniser, 1, "cpu")
    import torch

    # its code is from before torch's new exporter, which cannot follow it
    torch.onnx.export = functools.partial(torch.onnx.export, dynamo=False)
    model.export(type="onnx", quantize=False, output_dir=str(target), device="cpu")


def _apart(task: Any, *given: Path) -> None:
    """In a process of its own: its memory and its patches go with it."""
    process = multiprocessing.get_context("spawn").Process(target=task, args=given)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{task.__name__} failed.")
