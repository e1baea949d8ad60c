"""The whole pipeline compared with the libraries it is built on, alternately in one run, from file to document."""

import asyncio
import importlib
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.table import Table

from backend.engines.child import configure_process
from backend.engines.cores import threads_for
from backend.engines.protocols import EngineContext, SpeakerHints, TranscribeOptions
from backend.engines.registry import ENGINES
from backend.engines.wav_reader import WavReader
from backend.recordings.media import normalize
from backend.recordings.peaks import make_peaks
from backend.speech.merge import merge
from backend.speech.types import Diarization
from backend.transcripts.document import from_merged
from benchmarks.accuracy import Utterance, diarization_error, text_error, turns_of
from benchmarks.comparison import EngineCall, Variant, start
from benchmarks.libraries import both_libraries

#: The limit: the time of the libraries, one after the other, divided by ours.
LIMIT = 15.0


def compare_with_libraries(
    models: Path, transcriber: str, diarizer: str, clip: Path, reference: list[Utterance], rounds: int, made_up: bool
) -> Table:
    """Ours prepares, recognises and diarizes in parallel, then merges; the libraries get the clip as it is.

    The text of a `made_up` recogniser is random, so its errors are not counted."""
    with (
        _running("the libraries", both_libraries, transcriber, models) as library,
        _running(transcriber, engine, transcriber, models) as transcriber_process,
        _running(diarizer, engine, diarizer, models) as diarizer_process,
    ):
        our_seconds: list[float] = []
        for _ in range(rounds + 1):
            library_result = library.measure(clip)
            started = time.perf_counter()
            our_result = _run_pipeline(transcriber_process, diarizer_process, clip)
            our_seconds.append(time.perf_counter() - started)
        library_seconds = library.seconds
        megabytes = library.megabytes, transcriber_process.megabytes + diarizer_process.megabytes
    with WavReader(clip) as sound:
        seconds = sound.duration
    columns = "what", "seconds (least, most)", "real-time factor", "peak MB", "CER", "DER"
    table = Table(*columns, title=f"{transcriber}, {seconds:.0f} s of talk")
    # the first round loads the models, and is not counted
    for name, took, peak, (text, diarization) in (
        ("the libraries, one after the other", library_seconds[1:], megabytes[0], library_result),
        ("ours, from file to document", our_seconds[1:], megabytes[1], our_result),
    ):
        middle = statistics.median(took)
        table.add_row(
            name,
            f"{middle:.2f} ({min(took):.2f}, {max(took):.2f})",
            f"{middle / seconds:.4f}",
            f"{peak:.0f}",
            "–" if made_up else f"{100 * text_error(reference, text):.1f} %",
            f"{100 * diarization_error(turns_of(reference), diarization.turns):.1f} %",
        )
    ratio = statistics.median(library_seconds[1:]) / statistics.median(our_seconds[1:])
    table.caption = f"{ratio:.1f} times as fast (promised: {LIMIT:.0f})"
    return table


def engine(name: str, models: Path) -> EngineCall[Any]:
    """A registered engine with the threads and the priority it gets while another engine runs."""
    module, _, adapter = ENGINES[name].adapter.partition(":")
    task = ENGINES[name].task
    threads = threads_for(task)
    configure_process(threads, task)
    loaded = getattr(importlib.import_module(module), adapter)(EngineContext(models, threads))
    if task == "transcribe":
        return lambda wav: loaded.transcribe(wav, TranscribeOptions(), _quiet)
    return lambda wav: loaded.diarize(wav, SpeakerHints(), _quiet)


@contextmanager
def _running(*arguments: Any) -> Iterator[Variant[Any]]:
    side: Variant[Any] = start(*arguments)
    try:
        yield side
    finally:
        side.process.kill()


def _run_pipeline(
    transcriber_process: Variant[Any], diarizer_process: Variant[Any], clip: Path
) -> tuple[str, Diarization]:
    wav = clip.with_name("speech.wav")
    asyncio.run(normalize(clip, wav=wav, listening_copy=wav.with_suffix(".m4a"), max_seconds=12 * 3600))
    transcriber_process.submit(wav)
    diarizer_process.submit(wav)
    asyncio.run(make_peaks(wav, wav.with_suffix(".json")))
    sentences, diarization = transcriber_process.result(), diarizer_process.result()
    document = from_merged(merge(sentences, diarization), duration=wav.stat().st_size / 32000, engines={})
    return "".join(segment.text for segment in document.segments), diarization


def _quiet(_done: float, _total: float) -> None:
    pass
