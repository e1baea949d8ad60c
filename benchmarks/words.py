"""Every installed recogniser on the same recordings in one run: errors, CPU, memory, and what is invented.

Each recognises through the product's own path: voice activity detection, chunks, its child process, the merge with the
speakers. The engines take turns on every recording, so that all meet the same load.
"""

import asyncio
import json
import statistics
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from backend.engines.hosts import Engines
from backend.engines.measurement import RequestCost, request_cost
from backend.engines.protocols import SpeakerHints, TranscribeOptions
from backend.engines.registry import available, best
from backend.engines.wav_reader import WavReader
from backend.settings import ROOT
from backend.speech.languages import AUTO
from backend.speech.merge import merge
from backend.speech.text import spoken_characters
from backend.speech.types import Diarization, Sentence, diarization_from_json, sentence_from_json
from backend.transcripts.document import from_merged
from benchmarks import word_groups
from benchmarks.accuracy import measure, pooled_text_error
from benchmarks.machine import describe
from benchmarks.word_groups import Recording


@dataclass(slots=True)
class Heard:
    """What one engine made of one recording, and the cost of each round."""

    recording: Recording
    seconds: float
    text: str
    unsure: int  #: stretches without text, because the engine was not sure of any
    cp_cer: float | None
    costs: list[RequestCost] = field(default_factory=list)

    @property
    def cpu_a_minute(self) -> float:
        return statistics.median(cost.cpu_seconds for cost in self.costs) * 60 / self.seconds


def run(
    shared: Path,
    audio: Path | None,
    names: list[str] | None,
    meetings: list[str],
    seconds: float,
    nothing_minutes: float,
    rounds: int,
    seed: int,
) -> int:
    """Print the tables; returns 1 if the default engine wrote text where nothing is said."""
    console = Console()
    console.print(describe(), highlight=False)
    models = ROOT / "models"
    engines = names or available("transcribe", models, False)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        recordings = [] if seconds == 0 else word_groups.read_speech(shared, seconds, seed, folder)
        recordings += word_groups.meetings(shared, meetings, folder)
        recordings += [] if audio is None else word_groups.own(audio, folder)
        silent = [] if nothing_minutes == 0 else word_groups.nothing(nothing_minutes, seed, folder)
        heard = asyncio.run(_hear(models, engines, [*recordings, *silent], rounds, folder))
    said = {name: [one for one in found if one.recording.reference] for name, found in heard.items()}
    console.print(speech_table(said))
    invented = {name: [one for one in found if not one.recording.reference] for name, found in heard.items()}
    console.print(nothing_table(invented))
    default = best("transcribe", models, False)
    return 1 if any(spoken_characters(one.text) for one in invented.get(default, [])) else 0


def speech_table(heard: dict[str, list[Heard]]) -> Table:
    """A row for each group and engine, then one for each engine over all groups."""
    table = Table("group", "engine", "CER", "cpCER", "CPU s a minute", "unsure stretches", "peak MB")
    groups = dict.fromkeys(one.recording.group for found in heard.values() for one in found)
    for group in [*groups, None]:
        for name, found in heard.items():
            rows = [one for one in found if group in (one.recording.group, None)]
            if rows:
                table.add_row(group or "all", name, *_row(rows, with_speakers=group is not None))
    return table


def nothing_table(heard: dict[str, list[Heard]]) -> Table:
    table = Table("nothing said", "engine", "invented characters", "unsure stretches", "CPU s a minute", "the text")
    for name, found in heard.items():
        for one in found:
            invented = len(spoken_characters(one.text))
            table.add_row(
                f"{one.recording.group}, {one.seconds / 60:.0f} min",
                *(name, str(invented), str(one.unsure), f"{one.cpu_a_minute:.1f}", one.text[:40]),
            )
    return table


def _row(rows: list[Heard], *, with_speakers: bool) -> tuple[str, ...]:
    known = [one.cp_cer for one in rows if one.cp_cer is not None]
    seconds = sum(one.seconds for one in rows)
    return (
        f"{100 * pooled_text_error((one.recording.reference, one.text) for one in rows):.1f} %",
        f"{100 * statistics.mean(known):.1f} %" if known and with_speakers else "–",
        f"{sum(one.cpu_a_minute * one.seconds for one in rows) / seconds:.1f}",
        str(sum(one.unsure for one in rows)),
        f"{max(cost.peak_bytes for one in rows for cost in one.costs) / 1e6:.0f}",
    )


async def _hear(
    models: Path, names: list[str], recordings: list[Recording], rounds: int, folder: Path
) -> dict[str, list[Heard]]:
    engines = Engines(models, threads=1)
    heard: dict[str, list[Heard]] = {name: [] for name in names}
    try:
        for name in names:  # loads the models, which is not counted
            await engines.transcribe(name, recordings[0].wav, TranscribeOptions(), folder / "warm.json", _quiet)
        for recording in recordings:
            diarization = await _diarized(engines, models, recording, folder)
            costs: dict[str, list[RequestCost]] = {name: [] for name in names}
            for _ in range(rounds):
                for name in names:
                    costs[name].append(await _transcribed(engines, name, recording, folder / f"{name}.json"))
            for name in names:
                rows = json.loads((folder / f"{name}.json").read_bytes())
                sentences = [sentence_from_json(row) for row in rows]
                heard[name].append(_as_heard(recording, sentences, diarization, costs[name]))
                _print_row(heard[name][-1], name)
    finally:
        await engines.close()
    return heard


def _print_row(heard: Heard, name: str) -> None:
    """At once, so that a long run shows what it has found."""
    errors = (
        f"{100 * pooled_text_error([(heard.recording.reference, heard.text)]):.1f} %"
        if heard.recording.reference
        else "–"
    )
    row = (heard.recording.group, name, errors, f"{heard.cpu_a_minute:.1f}", heard.text[:40])
    print(" | ".join(row), flush=True)


async def _transcribed(engines: Engines, name: str, recording: Recording, result: Path) -> RequestCost:
    async def request() -> None:
        await engines.transcribe(name, recording.wav, TranscribeOptions(AUTO), result, _quiet)

    return await request_cost(engines, name, request)


async def _diarized(engines: Engines, models: Path, recording: Recording, folder: Path) -> Diarization:
    """Once for all recognisers, and only where it is known who speaks."""
    if not recording.speakers:
        return Diarization()
    result = folder / "turns.json"
    await engines.diarize(best("diarize", models, False), recording.wav, SpeakerHints(), result, _quiet)
    return diarization_from_json(json.loads(result.read_bytes()))


def _as_heard(
    recording: Recording, sentences: list[Sentence], diarization: Diarization, costs: list[RequestCost]
) -> Heard:
    with WavReader(recording.wav) as sound:
        seconds = sound.duration
    document = from_merged(merge(sentences, diarization), duration=seconds, engines={})
    return Heard(
        recording,
        seconds,
        "".join(segment.text for segment in document.segments),
        sum(segment.error is not None for segment in document.segments),
        measure(document, sentences, diarization, recording.reference).cp_cer if recording.speakers else None,
        costs,
    )


def _quiet(_done: float, _total: float) -> None:
    pass
