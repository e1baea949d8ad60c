"""Our diarizer beside the stock pipeline of pyannote.audio: turn by turn in one run, each in a process of its own."""

import os
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from backend.engines.ports import Home, SpeakerHints, Thrift
from backend.engines.sound import RATE, Sound
from backend.speech.types import Diarization
from benchmarks.accuracy import Utterance, diarization_error, read_stm, turns_of
from benchmarks.machine import describe
from benchmarks.sides import Hear, Side, as_wav, start, take_turns

MODEL = "pyannote-3.1"

#: None is the stock pipeline, as its documentation has it.
VARIANTS: dict[str, Thrift | None] = {
    "stock": None,
    "exact, once per chunk": Thrift("float32", 0.0, 1.0),
    "exact, bf16": Thrift("bfloat16", 0.0, 1.0),
    "pass of 60 s, fp32": Thrift("float32", 60.0, 1.0),
    "pass of 60 s, bf16 (default here)": Thrift("bfloat16", 60.0, 1.0),
    "the same, step of 2 s": Thrift("bfloat16", 60.0, 2.0),
}


def run(shared: Path, names: list[str], seconds: float, rounds: int) -> int:
    """Print the tables; answers 1 where the exact variant does not give the turns of the stock pipeline."""
    console = Console()
    console.print(describe(), highlight=False)
    with tempfile.TemporaryDirectory() as folder:
        clip = as_wav(shared / "audio/meetings/two-minutes.flac", Path(folder) / "clip.wav", seconds)
        sides = [start(name, build, thrift, shared / "models") for name, thrift in VARIANTS.items()]
        try:
            turns = take_turns(sides, clip, rounds)
            console.print(_speed(sides, seconds))
            console.print(_accuracy(sides[1:], shared / "audio/meetings", names, Path(folder)))
        finally:
            for side in sides:
                side.process.kill()
    if turns[0] != turns[1]:
        console.print("The exact variant does NOT give the turns of the stock pipeline.")
        return 1
    console.print("The exact variant gives the turns of the stock pipeline.")
    return 0


def _speed(sides: list[Side[Diarization]], seconds: float) -> Table:
    table = Table("variant", "seconds", "real-time factor", "times stock", "peak MB", title=f"{seconds:.0f} s of talk")
    stock = sides[0].median
    for side in sides:
        took = side.median
        ratio = f"{stock / took:.1f}"
        table.add_row(side.name, f"{took:.2f}", f"{took / seconds:.4f}", ratio, f"{side.megabytes:.0f}")
    return table


def _accuracy(sides: list[Side[Diarization]], meetings: Path, names: list[str], folder: Path) -> Table:
    table = Table("variant", *(f"DER of {name}" for name in names), title="with a collar of 0.25 s in brackets")
    wavs = [as_wav((meetings / name).with_suffix(".flac"), folder / f"{name}.wav") for name in names]
    for side in sides:
        errors = [
            _errors(read_stm((meetings / name).with_suffix(".stm")), side.hear(wav))
            for name, wav in zip(names, wavs, strict=True)
        ]
        table.add_row(side.name, *errors)
    return table


def _errors(reference: list[Utterance], found: Diarization) -> str:
    strict, lenient = (diarization_error(turns_of(reference), found.turns, collar=collar) for collar in (0.0, 0.25))
    return f"{100 * strict:.2f} % ({100 * lenient:.2f} %), {len({turn.voice for turn in found.turns})} voices"


def build(thrift: Thrift | None, models: Path) -> Hear[Diarization]:
    return _stock(models) if thrift is None else _ours(models, thrift)


def _ours(models: Path, thrift: Thrift) -> Hear[Diarization]:
    from backend.engines.pyannote import legacy_3_1

    diarizer = legacy_3_1(Home(models, os.cpu_count() or 1, thrift=thrift))
    return lambda wav: diarizer.diarize(wav, SpeakerHints(), lambda _done, _total: None)


def _stock(models: Path) -> Hear[Diarization]:
    """As its documentation has it, with audio in memory: reading files wants torchcodec."""
    import warnings

    from backend.engines.torchaudio_compat import ensure_torchaudio

    warnings.simplefilter("ignore")
    os.environ["PYANNOTE_METRICS_ENABLED"] = "0"
    ensure_torchaudio()
    import torch
    from pyannote.audio import Pipeline

    from backend.engines.pyannote import turns_of as turns
    from backend.engines.sound import as_floats

    pipeline = Pipeline.from_pretrained(models / MODEL)
    if pipeline is None:
        raise SystemExit(f"There is no {MODEL} in {models}.")

    def hear(wav: Path) -> Diarization:
        with Sound(wav) as sound:
            duration, samples = sound.duration, as_floats(sound.read(0.0, sound.duration))
        heard = pipeline({"waveform": torch.from_numpy(samples)[None], "sample_rate": RATE, "uri": "recording"})
        return Diarization(
            turns(heard.speaker_diarization, duration), turns(heard.exclusive_speaker_diarization, duration)
        )

    return hear
