"""Our recogniser compared with the library as its documentation shows it, in one run, with the errors of both."""

import json
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from backend.engines.protocols import EngineContext, TranscribeOptions
from backend.engines.wav_reader import WavReader
from benchmarks.accuracy import read_stm, text_error
from benchmarks.comparison import EngineCall, Variant, as_wav, run_alternately, start
from benchmarks.machine import describe

#: As in vosk's own examples.
_FRAMES = 4000


def run(shared: Path, names: list[str], rounds: int) -> int:
    """Print the table; returns 1 if ours makes more errors than the library alone by half a point or more."""
    console = Console()
    console.print(describe(), highlight=False)
    table = Table("recording", "variant", "seconds", "real-time factor", "times the library", "CER", "peak MB")
    worse = False
    with tempfile.TemporaryDirectory() as folder:
        variants = [
            start("the library, whole file", vosk_library, shared / "models"),
            start("ours", ours, shared / "models"),
        ]
        try:
            for name in names:
                meeting = shared / "audio/meetings" / name
                wav = as_wav(meeting.with_suffix(".flac"), Path(folder) / f"{name}.wav")
                reference = read_stm(meeting.with_suffix(".stm"))
                errors = [text_error(reference, text) for text in run_alternately(variants, wav, rounds)]
                for variant, error in zip(variants, errors, strict=True):
                    table.add_row(name, *_row(variant, variants[0], error, wav))
                worse = worse or errors[1] > errors[0] + 0.005
        finally:
            for variant in variants:
                variant.process.kill()
    console.print(table)
    return 1 if worse else 0


def _row(variant: Variant[str], library: Variant[str], error: float, wav: Path) -> tuple[str, ...]:
    with WavReader(wav) as sound:
        factor = variant.median / sound.duration
    ratio = f"{library.median / variant.median:.2f}"
    return (
        variant.name,
        f"{variant.median:.2f}",
        f"{factor:.4f}",
        ratio,
        f"{100 * error:.1f} %",
        f"{variant.megabytes:.0f}",
    )


def ours(models: Path) -> EngineCall[str]:
    """With the chunking, the padding and the checks of the product."""
    from backend.engines.vosk import Vosk

    vosk = Vosk(EngineContext(models))

    def transcribe(wav: Path) -> str:
        sentences = vosk.transcribe(wav, TranscribeOptions(), lambda _done, _total: None)
        return "".join(sentence.text for sentence in sentences)

    return transcribe


def vosk_library(models: Path) -> EngineCall[str]:
    import vosk

    vosk.SetLogLevel(-1)
    model = vosk.Model(model_path=str(models / "vosk-model-small-cn"))

    def transcribe(wav: Path) -> str:
        with WavReader(wav) as sound:
            recogniser = vosk.KaldiRecognizer(model, 16_000)
            recogniser.SetWords(True)
            samples = sound.read(0.0, sound.duration).tobytes()
        pieces = (samples[first : first + 2 * _FRAMES] for first in range(0, len(samples), 2 * _FRAMES))
        results = [recogniser.Result() for piece in pieces if recogniser.AcceptWaveform(piece)]
        results.append(recogniser.FinalResult())
        return "".join(json.loads(result)["text"] for result in results)

    return transcribe
