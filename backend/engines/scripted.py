"""An engine that plays a JSON script instead of using a model, for tests and for the demo.

A script is one object; every part is optional:

    {"sentences": [{"start": 0.5, "end": 2.0, "text": "大家好。", "voice": "A", "words": [["大", 0.5, 0.7], …]}, …],
     "turns": [["A", 0.5, 2.0], …], "exclusive": [["A", 0.5, 2.0], …], "vectors": {"A": [0.1, -0.3, …], …},
     "transcribe": {"delay": 0.2, "steps": {"3": FAULT}},
     "diarize": {"delay": 0.2, "steps": {"0": FAULT}}}

- Without `sentences`, demo.json is repeated to the end of the audio. Given sentences are played as they are.
- Without `words`, the characters of the text share its time evenly. An `error` instead of a text is returned as it is.
- Without `turns`, they are made from the `voice`s of the sentences (default "A"). Without `exclusive`, a turn that
  begins during another one is cut at that one's end.
- A step is a sentence for the transcriber and a turn for the diarizer. Before each step the engine waits for `delay`
  seconds.
- A FAULT happens before its step. It may combine:
  `delay` (more seconds), `stderr` and `stdout` (that many bytes are written), `memory` (that many more bytes are
  allocated), `error` ({"code", "detail", "retry"}: an EngineError), `raise` (a RuntimeError with this message), `errno`
  (the OSError of that number), `spawn` (a process that sleeps that many seconds), `hang` (true: forever), `exit` (the
  process exits with this status), `signal` (the process sends itself this signal).
  With `once` (a path) the fault happens only if that file does not exist, and creates it.
- Steps in `TranscribeOptions.checkpoint_file` are skipped, with their delays and faults.
"""

import hashlib
import json
import os
import subprocess
import time
import wave
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from backend.engines.protocols import EngineContext, EngineError, ProgressCallback, SpeakerHints, TranscribeOptions
from backend.engines.transcription_checkpoint import TranscriptionCheckpoint
from backend.speech.text import characters
from backend.speech.types import Diarization, Sentence, Turn, Word

_DEMO = Path(__file__).with_name("demo.json")


class Scripted:
    """A Transcriber."""

    def __init__(self, context: EngineContext) -> None:
        self._script = _read(context.script)
        self._player = _Player(self._script.get("transcribe", {}))

    def transcribe(self, audio: Path, options: TranscribeOptions, progress: ProgressCallback) -> list[Sentence]:
        duration = _duration(audio)
        sentences = [_sentence(row) for row in _rows(self._script, duration)]
        checkpoint = TranscriptionCheckpoint(options.checkpoint_file, _fingerprint(sentences))
        played = checkpoint.finished_sentences()
        progress(0.0, duration)
        for step, sentence in enumerate(sentences):
            if step not in played:
                self._player.play(step)
                played[step] = checkpoint.save(step, sentence)
                options.yield_turn()
            progress(min(sentence.end, duration), duration)
        progress(duration, duration)
        return [played[step] for step in range(len(sentences))]


class ScriptedDiarizer:
    """A Diarizer. The script says who speaks, so it ignores the hints."""

    def __init__(self, context: EngineContext) -> None:
        self._script = _read(context.script)
        self._player = _Player(self._script.get("diarize", {}))

    def diarize(self, audio: Path, options: SpeakerHints, progress: ProgressCallback) -> Diarization:
        duration = _duration(audio)
        turns = _turns(self._script, duration)
        progress(0.0, duration)
        for step, turn in enumerate(turns):
            self._player.play(step)
            options.yield_turn()
            progress(min(turn.end, duration), duration)
        progress(duration, duration)
        exclusive = self._script.get("exclusive")
        return Diarization(
            tuple(turns),
            _exclusive_turns(turns) if exclusive is None else tuple(Turn(*row) for row in exclusive),
            self._script.get("vectors", {}),
        )


class _Player:
    """Performs the delays and faults of one part of the script."""

    def __init__(self, part: dict[str, Any]) -> None:
        self._delay = float(part.get("delay", 0.0))
        self._faults: dict[str, dict[str, Any]] = part.get("steps", {})
        self._allocated: list[bytearray] = []

    def play(self, step: int) -> None:
        time.sleep(self._delay)
        fault = self._faults.get(str(step))
        if fault is None or not _first_time(fault.get("once")):
            return
        actions: dict[str, Callable[[Any], object]] = {
            "delay": time.sleep,
            "stderr": lambda size: _flood(2, size),
            "stdout": lambda size: _flood(1, size),
            "memory": lambda size: self._allocated.append(bytearray(b"x" * size)),
            "spawn": lambda seconds: subprocess.Popen(["sleep", str(seconds)]),
            "error": _raise_engine_error,
            "raise": _raise,
            "errno": _raise_os_error,
            "hang": _hang,
            "exit": os._exit,
            "signal": lambda number: os.kill(os.getpid(), number),
        }
        for name, act in actions.items():
            if name in fault:
                act(fault[name])


def _read(script: Path | None) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((script or _DEMO).read_text(encoding="utf-8"))
    return value if script is not None else {**value, "sentences": None}


def _rows(script: dict[str, Any], duration: float) -> list[dict[str, Any]]:
    """The sentences of the script, or those of the demo if it has none."""
    rows: list[dict[str, Any]] | None = script.get("sentences")
    return _demo(duration) if rows is None else rows


def _demo(duration: float) -> list[dict[str, Any]]:
    """The demo, repeated as long as whole sentences fit. If not even the first one fits, it is squeezed in."""
    demo = json.loads(_DEMO.read_text(encoding="utf-8"))
    first = demo["sentences"][0]
    if duration < first["end"]:
        return [{**first, "start": 0.0, "end": duration}] if duration > 0 else []
    rounds = range(int(duration // demo["length"]) + 1)
    rows = [
        {**row, "start": row["start"] + number * demo["length"], "end": row["end"] + number * demo["length"]}
        for number in rounds
        for row in demo["sentences"]
    ]
    return [row for row in rows if row["end"] <= duration]


def _sentence(row: dict[str, Any]) -> Sentence:
    start, end, text = row["start"], row["end"], row.get("text", "")
    if "words" in row:
        words = tuple(Word(*word) for word in row["words"])
    else:
        parts = characters(text)
        each = (end - start) / max(1, len(parts))
        words = tuple(Word(part, start + k * each, start + (k + 1) * each) for k, part in enumerate(parts))
    return Sentence(start, end, text, words, row.get("error"))


def _turns(script: dict[str, Any], duration: float) -> list[Turn]:
    if script.get("turns") is not None:
        return [Turn(*row) for row in script["turns"]]
    turns: list[Turn] = []
    for row in _rows(script, duration):
        turn = Turn(row.get("voice", "A"), row["start"], row["end"])
        if turns and turns[-1].voice == turn.voice:
            turn = Turn(turn.voice, turns.pop().start, turn.end)
        turns.append(turn)
    return turns


def _exclusive_turns(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """The turns without overlap: a turn that begins during another one starts when that one has ended."""
    exclusive: list[Turn] = []
    end = 0.0
    for turn in turns:
        if turn.end > max(end, turn.start):
            exclusive.append(Turn(turn.voice, max(end, turn.start), turn.end))
            end = turn.end
    return tuple(exclusive)


def _duration(audio: Path) -> float:
    try:
        with wave.open(str(audio), "rb") as file:
            return file.getnframes() / file.getframerate()
    except (OSError, EOFError, wave.Error) as error:
        raise EngineError("audio_unreadable", f"The prepared audio cannot be read: {error}") from error


def _fingerprint(sentences: Sequence[Sentence]) -> str:
    return hashlib.sha256(repr(sentences).encode()).hexdigest()


def _first_time(marker: str | None) -> bool:
    if marker is None:
        return True
    try:
        Path(marker).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def _flood(descriptor: int, size: int) -> None:
    block = b"a flood of letters\n" * 1000
    while size > 0:
        size -= os.write(descriptor, block[:size])


def _raise_engine_error(error: dict[str, Any]) -> None:
    raise EngineError(error["code"], error["detail"], error.get("retry", False))


def _raise(message: str) -> None:
    raise RuntimeError(message)


def _raise_os_error(number: int) -> None:
    raise OSError(number, os.strerror(number))


def _hang(_for_ever: object) -> None:
    while True:
        time.sleep(3600)
