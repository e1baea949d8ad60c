"""The child an engine lives in: one JSON request a line comes in, progress, done or an error goes out, results by file.

    python -m backend.engines.child NAME '{"models": "/…/models", "threads": 1, "script": null, "thrift": {…}}'

A request is {"audio": path, "result": path, "options": {…}}. The answers to it are any number of
{"progress": [done, total]}, then {"done": true} or {"error": {"code", "detail", "retry"}, "trace": where it happened},
with the "memory" held now.
The child ends when its stdin ends, busy or not.
"""

import ctypes
import errno
import importlib
import json
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import psutil

from backend.durable import write_durably
from backend.engines.checks import Unbelievable, check_diarization, check_sentences
from backend.engines.ports import EngineError, Home, Listening, SpeakerHints
from backend.engines.table import ENGINES, Engine, Task
from backend.speech.types import diarization_to_json, sentence_to_json
from backend.weights import store

#: An error's detail is for a person to read: longer ones are cut.
_DETAIL = 1000
_TRACE = 4000


def main(name: str, home: Home) -> None:
    """Answer requests. The process ends with its stdin, so this never returns."""
    requests, answers = _take_pipes()
    _die_with_parent()
    settle_down(home.threads, ENGINES[name].task)
    child = _Child(ENGINES[name], home, answers)
    for line in _lines(requests):
        child.serve(json.loads(line))


class _Child:
    def __init__(self, engine: Engine, home: Home, answers: BinaryIO) -> None:
        self._engine = engine
        self._home = home
        self._answers = answers
        self._adapter: Any = None  # a Transcriber or a Diarizer: the table says which

    def serve(self, request: Mapping[str, Any]) -> None:
        try:
            self._work(request)
            _trim()
            answer: dict[str, Any] = {"done": True}
        except Exception as error:
            failure = _explain(error)
            answer = {
                "error": {"code": failure.code, "detail": failure.detail[:_DETAIL], "retry": failure.retry},
                "trace": _trace(error),
            }
        self._say(answer | {"memory": _memory()})

    def _work(self, request: Mapping[str, Any]) -> None:
        if self._adapter is None:
            self._adapter = self._load()
        audio, options = Path(request["audio"]), request["options"]
        if self._engine.task == "transcribe":
            sentences = self._adapter.transcribe(audio, _listening(options), self._progress)
            result: Any = [sentence_to_json(sentence) for sentence in check_sentences(sentences)]
        else:
            diarization = self._adapter.diarize(audio, _hints(options), self._progress)
            result = diarization_to_json(check_diarization(diarization))
        text = json.dumps(result, ensure_ascii=False, allow_nan=False)
        write_durably(Path(request["result"]), text.encode())

    def _load(self) -> Any:
        # checkpoints are pickles: nothing is loaded that has not the hash it should have
        for model in self._engine.models:
            store.verify(self._home.models, model)
        module, _, name = self._engine.adapter.partition(":")
        adapter = getattr(importlib.import_module(module), name)(self._home)
        _trim()
        return adapter

    def _progress(self, done: float, total: float, /) -> None:
        self._say({"progress": [float(done), float(total)]})

    def _say(self, answer: Mapping[str, Any]) -> None:
        self._answers.write(json.dumps(answer).encode() + b"\n")
        self._answers.flush()


def _listening(options: Mapping[str, Any]) -> Listening:
    finished = options["finished"]
    return Listening(
        language=options["language"],
        hotwords=tuple(options["hotwords"]),
        finished=None if finished is None else Path(finished),
    )


def _hints(options: Mapping[str, Any]) -> SpeakerHints:
    passes = options["passes"]
    return SpeakerHints(options["min_speakers"], options["max_speakers"], None if passes is None else Path(passes))


def _explain(error: Exception) -> EngineError:
    """What went wrong, in the words of the house."""
    sort = type(error).__name__
    if isinstance(error, EngineError):
        return error
    if isinstance(error, store.ModelMissing):
        return EngineError("model_missing", error.detail)
    if isinstance(error, store.ModelDamaged):
        return EngineError("model_damaged", error.detail)
    if isinstance(error, MemoryError) or sort == "OutOfMemoryError" or "can't allocate memory" in str(error):
        return EngineError("out_of_memory", "The engine ran out of memory.", retry=True)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return EngineError("disk_full", "The disk is full. Make room; the job goes on then.", retry=True)
    if isinstance(error, OSError) and error.errno == errno.EIO:
        return EngineError("disk_failed", "The disk failed. Tell whoever runs this server; retry later.", retry=True)
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return EngineError("out_of_memory", "The engine ran out of memory.", retry=True)
    if isinstance(error, Unbelievable):
        return EngineError("engine_failed", f"The engine's result cannot be right: {error}.")
    return EngineError("engine_failed", f"{sort}: {error}")


def _trace(error: Exception) -> str:
    """Where it happened, for the log: without the message, which may hold what somebody said."""
    return "".join(traceback.format_tb(error.__traceback__))[-_TRACE:] + type(error).__name__


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The two ends of the protocol, out of reach of libraries that print: fd 1 is stderr from now on, fd 0 is empty."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    return requests, answers


def _lines(requests: BinaryIO) -> Iterator[bytes]:
    """Request lines as they come. A thread waits for them, so that the end of stdin ends a busy child too."""
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def read() -> None:
        for line in requests:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=read, name="requests", daemon=True).start()
    while True:
        yield lines.get()


def _die_with_parent() -> None:
    """Linux kills this process when its parent is killed: a long call into a model cannot put that off."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def settle_down(threads: int, task: Task) -> None:
    """Be nice, be offline, tell nobody, and use no more threads than allowed. Before anything heavy is imported.

    A diarizer gives way to a recogniser: it has as many threads as there are cores, and none that waits for another."""
    os.nice(15 if task == "diarize" else 10)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
        os.environ[name] = str(threads)
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
        os.environ[name] = "1"
    os.environ["MODELSCOPE_OFFLINE"] = "1"
    os.environ["PYANNOTE_METRICS_ENABLED"] = "0"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"


def _trim() -> None:
    """Give freed memory back to the system: after loading a model half of it is freed and still held. What torch keeps
    of a GPU in case it is asked again is given back too: the child of the other engine may need it now."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim is not None:
            trim(0)


def _memory() -> int:
    return int(psutil.Process().memory_info().rss)


if __name__ == "__main__":
    main(sys.argv[1], Home.from_json(sys.argv[2]))
