"""The whole pipeline beside the libraries it is made of, turn by turn in one run, from a file to who said what."""

import asyncio
import importlib
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.table import Table

from backend.engines.child import settle_down
from backend.engines.cores import threads_of
from backend.engines.ports import Home, Listening, SpeakerHints
from backend.engines.sound import Sound
from backend.engines.table import ENGINES
from backend.recordings.media import normalize
from backend.recordings.peaks import make_peaks
from backend.speech.merge import merge
from backend.speech.types import Diarization
from backend.transcripts.document import from_merged
from benchmarks.accuracy import Utterance, diarization_error, text_error, turns_of
from benchmarks.libraries import one_after_the_other
from benchmarks.sides import Hear, Side, start

#: What is promised: the libraries' time, one after the other, by ours.
LIMIT = 15.0


def beside_libraries(
    models: Path, transcriber: str, diarizer: str, clip: Path, reference: list[Utterance], rounds: int, made_up: bool
) -> Table:
    """Ours prepares, recognises and diarizes side by side, merges; the libraries are given the clip as it is. What a
    `made_up` recogniser says has no errors that could be counted."""
    with (
        _running("the libraries", one_after_the_other, transcriber, models) as library,
        _running(transcriber, engine, transcriber, models) as recogniser,
        _running(diarizer, engine, diarizer, models) as speakers,
    ):
        ours: list[float] = []
        for _ in range(rounds + 1):
            found = library.hear(clip)
            begun = time.perf_counter()
            own = _whole(recogniser, speakers, clip)
            ours.append(time.perf_counter() - begun)
        theirs = library.seconds
        megabytes = library.megabytes, recogniser.megabytes + speakers.megabytes
    with Sound(clip) as sound:
        seconds = sound.duration
    columns = "what", "seconds (least, most)", "real-time factor", "peak MB", "CER", "DER"
    table = Table(*columns, title=f"{transcriber}, {seconds:.0f} s of talk")
    # the first round loads the models, and is not counted
    for name, took, peak, (text, diarization) in (
        ("the libraries, one after the other", theirs[1:], megabytes[0], found),
        ("ours, from file to document", ours[1:], megabytes[1], own),
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
    ratio = statistics.median(theirs[1:]) / statistics.median(ours[1:])
    table.caption = f"{ratio:.1f} times as fast (promised: {LIMIT:.0f})"
    return table


def engine(name: str, models: Path) -> Hear[Any]:
    """An engine of the table, with the threads and the priority it gets where another works beside it."""
    module, _, adapter = ENGINES[name].adapter.partition(":")
    task = ENGINES[name].task
    threads = threads_of(task)
    settle_down(threads, task)
    loaded = getattr(importlib.import_module(module), adapter)(Home(models, threads))
    if task == "transcribe":
        return lambda wav: loaded.transcribe(wav, Listening(), _quiet)
    return lambda wav: loaded.diarize(wav, SpeakerHints(), _quiet)


@contextmanager
def _running(*given: Any) -> Iterator[Side[Any]]:
    side: Side[Any] = start(*given)
    try:
        yield side
    finally:
        side.process.kill()


def _whole(recogniser: Side[Any], speakers: Side[Any], clip: Path) -> tuple[str, Diarization]:
    wav = clip.with_name("speech.wav")
    asyncio.run(normalize(clip, wav=wav, listening_copy=wav.with_suffix(".m4a"), max_seconds=12 * 3600))
    recogniser.ask(wav)
    speakers.ask(wav)
    asyncio.run(make_peaks(wav, wav.with_suffix(".json")))
    sentences, diarization = recogniser.answer(), speakers.answer()
    document = from_merged(merge(sentences, diarization), duration=wav.stat().st_size / 32000, engines={})
    return "".join(segment.text for segment in document.segments), diarization


def _quiet(_done: float, _total: float) -> None:
    pass
