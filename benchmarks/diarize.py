"""Our diarizer compared with the stock pipeline of pyannote.audio, alternately in one run."""

import os
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from backend.engines.protocols import Approximation, EngineContext, SpeakerHints
from backend.engines.wav_reader import RATE, WavReader
from backend.speech.types import Diarization
from benchmarks.accuracy import Utterance, diarization_error, read_stm, turns_of
from benchmarks.comparison import EngineCall, Variant, as_wav, run_alternately, start
from benchmarks.machine import describe

MODEL = "pyannote-3.1"

#: None is the stock pipeline, as its documentation shows it.
VARIANTS: dict[str, Approximation | None] = {
    "stock": None,
    "exact, once per chunk": Approximation("float32", 0.0, 1.0),
    "exact, bf16": Approximation("bfloat16", 0.0, 1.0),
    "pass of 60 s, fp32": Approximation("float32", 60.0, 1.0),
    "pass of 60 s, bf16 (default here)": Approximation("bfloat16", 60.0, 1.0),
    "the same, step of 2 s": Approximation("bfloat16", 60.0, 2.0),
}


def run(shared: Path, names: list[str], seconds: float, rounds: int) -> int:
    """Print the tables; returns 1 if the exact variant does not give the turns of the stock pipeline."""
    console = Console()
    console.print(describe(), highlight=False)
    with tempfile.TemporaryDirectory() as folder:
        clip = as_wav(shared / "audio/meetings/two-minutes.flac", Path(folder) / "clip.wav", seconds)
        variants = [start(name, build, approximation, shared / "models") for name, approximation in VARIANTS.items()]
        try:
            turns = run_alternately(variants, clip, rounds)
            console.print(_speed(variants, seconds))
            console.print(_accuracy(variants[1:], shared / "audio/meetings", names, Path(folder)))
        finally:
            for variant in variants:
                variant.process.kill()
    if turns[0] != turns[1]:
        console.print("The exact variant does NOT give the turns of the stock pipeline.")
        return 1
    console.print("The exact variant gives the turns of the stock pipeline.")
    return 0


def _speed(variants: list[Variant[Diarization]], seconds: float) -> Table:
    table = Table("variant", "seconds", "real-time factor", "times stock", "peak MB", title=f"{seconds:.0f} s of talk")
    stock = variants[0].median
    for variant in variants:
        took = variant.median
        ratio = f"{stock / took:.1f}"
        table.add_row(variant.name, f"{took:.2f}", f"{took / seconds:.4f}", ratio, f"{variant.megabytes:.0f}")
    return table


def _accuracy(variants: list[Variant[Diarization]], meetings: Path, names: list[str], folder: Path) -> Table:
    table = Table("variant", *(f"DER of {name}" for name in names), title="with a collar of 0.25 s in brackets")
    wavs = [as_wav((meetings / name).with_suffix(".flac"), folder / f"{name}.wav") for name in names]
    for variant in variants:
        errors = [
            _errors(read_stm((meetings / name).with_suffix(".stm")), variant.measure(wav))
            for name, wav in zip(names, wavs, strict=True)
        ]
        table.add_row(variant.name, *errors)
    return table


def _errors(reference: list[Utterance], found: Diarization) -> str:
    strict, lenient = (diarization_error(turns_of(reference), found.turns, collar=collar) for collar in (0.0, 0.25))
    return f"{100 * strict:.2f} % ({100 * lenient:.2f} %), {len({turn.voice for turn in found.turns})} voices"


def build(approximation: Approximation | None, models: Path) -> EngineCall[Diarization]:
    return _stock(models) if approximation is None else _ours(models, approximation)


def _ours(models: Path, approximation: Approximation) -> EngineCall[Diarization]:
    from backend.engines.pyannote import legacy_3_1

    diarizer = legacy_3_1(EngineContext(models, os.cpu_count() or 1, approximation=approximation))
    return lambda wav: diarizer.diarize(wav, SpeakerHints(), lambda _done, _total: None)


def _stock(models: Path) -> EngineCall[Diarization]:
    """As its documentation shows it, with audio in memory: reading files needs torchcodec."""
    import warnings

    from backend.engines.torchaudio_compat import ensure_torchaudio

    warnings.simplefilter("ignore")
    os.environ["PYANNOTE_METRICS_ENABLED"] = "0"
    ensure_torchaudio()
    import torch
    from pyannote.audio import Pipeline

    from backend.engines.pyannote import turns_of as turns
    from backend.engines.wav_reader import as_floats

    pipeline = Pipeline.from_pretrained(models / MODEL)
    if pipeline is None:
        raise SystemExit(f"There is no {MODEL} in {models}.")

    def diarize(wav: Path) -> Diarization:
        with WavReader(wav) as sound:
            duration, samples = sound.duration, as_floats(sound.read(0.0, sound.duration))
        heard = pipeline({"waveform": torch.from_numpy(samples)[None], "sample_rate": RATE, "uri": "recording"})
        return Diarization(
            turns(heard.speaker_diarization, duration), turns(heard.exclusive_speaker_diarization, duration)
        )

    return diarize
