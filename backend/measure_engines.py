"""`python -m backend engines measure`: what each engine costs on this machine, for the console and the page."""

import asyncio
import tempfile
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console
from rich.table import Table

from backend.database import utc_now
from backend.engines import measurement
from backend.engines.hosts import open_engines
from backend.engines.measurement import Measurement
from backend.engines.protocols import EngineError
from backend.engines.registry import Engine, available, choose, with_whisper_models
from backend.engines.wav_reader import keep_first
from backend.errors import AppError
from backend.recordings.media import normalize
from backend.settings import Settings

_SECONDS = 60.0  #: of a recording; more would change little


def measure_command(settings: Settings, audio: Path | None, names: list[str] | None) -> int:
    """Print a table and store it beside the models; 1 if an engine could not be measured."""
    console = Console()
    engines = with_whisper_models(settings.whisper_models)
    try:
        chosen = [engines[name] for name in names or _installed(settings, engines)]
        for engine in chosen:
            choose(engine.task, engine.name, settings.models_dir, settings.demo, engines)
    except KeyError as error:
        console.print(f"There is no engine {error}. There are: {', '.join(engines)}.", highlight=False)
        return 1
    except EngineError as error:
        console.print(error.detail, highlight=False)
        return 1
    if not chosen:
        console.print("No engine is installed. Fetch the models with: python -m backend models fetch")
        return 1
    try:
        found, failed = asyncio.run(_measure(settings, audio or sample(), chosen, console))
    except (AppError, EngineError) as error:
        console.print(f"[red]{error.code}[/red]: {error.detail}", highlight=False)
        return 1
    measurement.store(settings.models_dir, found)
    console.print(_table(found))
    return 1 if failed else 0


def sample() -> Path:
    """Thirty seconds of two people who talk in English: the sample that comes with pyannote.audio."""
    package = find_spec("pyannote.audio")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "sample" / "sample.wav"


def _installed(settings: Settings, engines: dict[str, Engine]) -> list[str]:
    return [
        name
        for task in ("transcribe", "diarize")
        for name in available(task, settings.models_dir, settings.demo, engines)
    ]


async def _measure(
    settings: Settings, audio: Path, chosen: Iterable[Engine], console: Console
) -> tuple[dict[str, Measurement], bool]:
    found: dict[str, Measurement] = {}
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "speech.wav"
        await normalize(
            audio, wav=wav, listening_copy=wav.with_suffix(".m4a"), max_seconds=settings.max_audio_hours * 3600
        )
        seconds = await asyncio.to_thread(keep_first, wav, _SECONDS)
        engines = open_engines(settings)
        try:
            for engine in chosen:
                console.print(f"Measuring {engine.name} …", highlight=False)
                try:
                    found[engine.name] = await measurement.measure(
                        engines, engine, settings.models_dir, wav, seconds, Path(folder) / "result.json", utc_now()
                    )
                except EngineError as error:
                    failed = True
                    console.print(f"[red]{error.code}[/red]: {error.detail}", highlight=False)
                await engines.unload(engine.name)
        finally:
            await engines.close()
    return found, failed


def _table(found: dict[str, Measurement]) -> Table:
    table = Table("engine", "CPU seconds a minute of audio", "times real time", "peak MB")
    for name, one in found.items():
        speed = f"{1 / one.real_time_factor:.1f}" if one.real_time_factor else "–"
        table.add_row(name, f"{one.cpu_seconds_a_minute:.1f}", speed, f"{one.peak_bytes / 1e6:.0f}")
    return table
