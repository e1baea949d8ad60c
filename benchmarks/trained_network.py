"""Whether precision changes the text: one small SeACo Paraformer, trained on two shared recordings, in each precision.

The published weights cannot be had everywhere, and random ones choose between characters by the last decimals. A small
network of the same kind that has learned what is said in two recordings is sure of itself, as a published one is.
"""

import math
import multiprocessing
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jiwer
from rich.console import Console
from rich.table import Table

from backend.engines.automodel import load
from backend.engines.funasr import FunAsr, funasr_int8
from backend.engines.onnx_parts import replace_parts
from backend.engines.protocols import Approximation, EngineContext, TranscribeOptions
from backend.engines.wav_reader import WavReader, as_floats
from backend.speech.text import spoken_characters
from backend.weights import int8
from benchmarks.accuracy import Utterance, read_stm
from benchmarks.comparison import as_wav
from benchmarks.machine import describe

_TAUGHT = ("two-minutes", "two-minutes-overlap")
_NOT_TAUGHT = "ten-minutes"
_BATCH = 8
_RATE, _WARM = 7e-4, 150  #: learning rate, and warm-up steps
#: Maximum seconds of context around an utterance, chosen at random.
_AROUND = 0.4


@dataclass(frozen=True, slots=True)
class Lesson:
    """One utterance: its position and its text."""

    wav: Path
    start: float
    end: float
    text: str


def run(shared: Path, epochs: int) -> int:
    """Print the table; returns 1 if ONNX in float32, or int8 in training, gives another text than torch."""
    console = Console()
    console.print(describe(), highlight=False)
    with tempfile.TemporaryDirectory() as folder:
        names = (*_TAUGHT, _NOT_TAUGHT)
        wavs = {
            name: as_wav((shared / "audio/meetings" / name).with_suffix(".flac"), Path(folder) / f"{name}.wav")
            for name in names
        }
        said = {name: read_stm((shared / "audio/meetings" / name).with_suffix(".stm")) for name in names}
        lessons = [
            Lesson(wavs[name], row.start, row.end, spoken_characters(row.text).lower())
            for name in _TAUGHT
            for row in said[name]
        ]
        models = Path(folder) / "models"
        process = multiprocessing.get_context("spawn").Process(target=teach, args=(models, shared, lessons, epochs))
        process.start()
        process.join()
        if process.exitcode:
            raise SystemExit("The network could not be taught.")
        return 0 if _compare(console, models, wavs, said) else 1


def teach(models: Path, shared: Path, lessons: list[Lesson], epochs: int) -> None:
    """Write a folder of models whose recogniser is overfitted to these utterances."""
    import torch

    from backend.engines.torchaudio_compat import ensure_torchaudio
    from tests.engines.tiny_funasr import Size, build_punctuation, build_recogniser

    characters = sorted({character for lesson in lessons for character in lesson.text})
    tokens = ("<blank>", "<s>", "</s>", *characters, "<unk>")
    size = Size(width=256, heads=4, units=1024, blocks=8, heard=3, hint_units=256, tokens=tokens)
    torch.manual_seed(0)
    build_punctuation(models / "ct-punc")
    (models / "fsmn-vad").symlink_to((shared / "models" / "fsmn-vad").resolve())
    build_recogniser(models / "seaco-paraformer", size=size)
    loaded = load(models / "seaco-paraformer", 1, "cpu")
    ensure_torchaudio()
    from funasr.models.bicif_paraformer.model import BiCifParaformer

    model = loaded.model.train()
    learning = torch.optim.AdamW(model.parameters(), lr=_RATE, weight_decay=1e-4)
    steps, last = 0, epochs * math.ceil(len(lessons) / _BATCH)
    for epoch in range(epochs):
        for speech, lengths, text, counts in _batches(lessons, tokens, loaded.kwargs["frontend"], epoch):
            steps += 1
            share = min(1.0, steps / _WARM) * (0.5 * (1 + math.cos(math.pi * steps / last)) + 0.02)
            for group in learning.param_groups:
                group["lr"] = _RATE * share
            blurred = speech + 0.1 * torch.randn_like(speech) if epoch < 0.8 * epochs else speech
            loss = BiCifParaformer.forward(model, blurred, lengths, text, counts)[0]
            learning.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            learning.step()
    torch.save(model.state_dict(), models / "seaco-paraformer" / "model.pt")


def _batches(lessons: list[Lesson], tokens: tuple[str, ...], frontend: Any, epoch: int) -> Iterator[tuple[Any, ...]]:
    """Features (pieces, frames, width) and characters (pieces, count), padded, with lengths; similar in length."""
    import numpy as np
    import torch
    from torch.nn.utils.rnn import pad_sequence

    some = np.random.default_rng(epoch)
    ordered = sorted(lessons, key=lambda lesson: lesson.end - lesson.start)
    batches = [ordered[first : first + _BATCH] for first in range(0, len(ordered), _BATCH)]
    for place in some.permutation(len(batches)):
        heard, text = [], []
        for lesson in batches[place]:
            before, after = some.uniform(0, _AROUND, 2)
            with WavReader(lesson.wav) as sound:
                samples = torch.from_numpy(as_floats(sound.read(lesson.start - before, lesson.end + after)))
            heard.append(frontend(samples[None], torch.tensor([len(samples)]))[0][0])
            text.append(torch.tensor([tokens.index(character) for character in lesson.text]))
        lengths, counts = (torch.tensor([len(one) for one in part]) for part in (heard, text))
        yield pad_sequence(heard, True), lengths, pad_sequence(text, True, -1), counts


def _compare(console: Console, models: Path, wavs: dict[str, Path], said: dict[str, list[Utterance]]) -> bool:
    table = Table("recording", "numbers", "CER", "characters unlike torch float32", "times off by at most, ms")
    engines, kept = _engines(models), True
    for name, wav in wavs.items():
        right = "".join(spoken_characters(row.text).lower() for row in sorted(said[name], key=lambda row: row.start))
        first = None
        for numbers, engine in engines.items():
            words = [word for one in engine.transcribe(wav, TranscribeOptions(), _ignore) for word in one.words]
            first = words if first is None else first
            text, plain = ("".join(spoken_characters(word.text) for word in row) for row in (words, first))
            pairs = zip(words, first, strict=True) if len(words) == len(first) else ()
            late = max((abs(one.start - other.start) for one, other in pairs), default=math.nan)
            unlike = jiwer.cer(plain, text)
            table.add_row(
                name, numbers, f"{100 * jiwer.cer(right, text):.2f} %", f"{100 * unlike:.2f} %", f"{1000 * late:.0f}"
            )
            kept &= unlike == 0 or numbers == "torch bfloat16" or (numbers == "ONNX int8" and name == _NOT_TAUGHT)
    console.print(table)
    return kept


def _engines(models: Path) -> dict[str, FunAsr]:
    for name in ("seaco-paraformer-int8", "float32"):
        (models / name).mkdir()
    int8.main([str(models / "seaco-paraformer"), str(models / "seaco-paraformer-int8")])
    int8.export(models / "seaco-paraformer", models / "float32")
    whole = FunAsr(EngineContext(models))
    replace_parts(whole._recogniser.model, models / "float32", 1)
    return {
        "torch float32": FunAsr(EngineContext(models)),
        "ONNX float32": whole,
        "torch bfloat16": FunAsr(EngineContext(models, approximation=Approximation(recogniser="bfloat16"))),
        "ONNX int8": funasr_int8(EngineContext(models)),
    }


def _ignore(_done: float, _total: float) -> None:
    pass
