"""Our recogniser beside the library as its documentation has it: turn by turn in one run, with the error of both."""

import json
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from backend.engines.ports import Home, Listening
from backend.engines.sound import Sound
from benchmarks.accuracy import read_stm, text_error
from benchmarks.machine import describe
from benchmarks.sides import Hear, Side, as_wav, start, take_turns

#: As in vosk's own examples.
_FRAMES = 4000


def run(shared: Path, names: list[str], rounds: int) -> int:
    """Print the table; answers 1 where ours makes more errors than the library alone by half a point or more."""
    console = Console()
    console.print(describe(), highlight=False)
    table = Table("recording", "variant", "seconds", "real-time factor", "times the library", "CER", "peak MB")
    worse = False
    with tempfile.TemporaryDirectory() as folder:
        sides = [start("the library, whole file", whole, shared / "models"), start("ours", ours, shared / "models")]
        try:
            for name in names:
                meeting = shared / "audio/meetings" / name
                wav = as_wav(meeting.with_suffix(".flac"), Path(folder) / f"{name}.wav")
                reference = read_stm(meeting.with_suffix(".stm"))
                errors = [text_error(reference, text) for text in take_turns(sides, wav, rounds)]
                for side, error in zip(sides, errors, strict=True):
                    table.add_row(name, *_row(side, sides[0], error, wav))
                worse = worse or errors[1] > errors[0] + 0.005
        finally:
            for side in sides:
                side.process.kill()
    console.print(table)
    return 1 if worse else 0


def _row(side: Side[str], library: Side[str], error: float, wav: Path) -> tuple[str, ...]:
    with Sound(wav) as sound:
        factor = side.median / sound.duration
    ratio = f"{library.median / side.median:.2f}"
    return side.name, f"{side.median:.2f}", f"{factor:.4f}", ratio, f"{100 * error:.1f} %", f"{side.megabytes:.0f}"


def ours(models: Path) -> Hear[str]:
    """With the cut list, the padding and the checks of the product."""
    from backend.engines.vosk import Vosk

    vosk = Vosk(Home(models))

    def hear(wav: Path) -> str:
        sentences = vosk.transcribe(wav, Listening(), lambda _done, _total: None)
        return "".join(sentence.text for sentence in sentences)

    return hear


def whole(models: Path) -> Hear[str]:
    import vosk

    vosk.SetLogLevel(-1)
    model = vosk.Model(model_path=str(models / "vosk-model-small-cn"))

    def hear(wav: Path) -> str:
        with Sound(wav) as sound:
            recogniser = vosk.KaldiRecognizer(model, 16_000)
            recogniser.SetWords(True)
            samples = sound.read(0.0, sound.duration).tobytes()
        pieces = (samples[first : first + 2 * _FRAMES] for first in range(0, len(samples), 2 * _FRAMES))
        results = [recogniser.Result() for piece in pieces if recogniser.AcceptWaveform(piece)]
        results.append(recogniser.FinalResult())
        return "".join(json.loads(result)["text"] for result in results)

    return hear
