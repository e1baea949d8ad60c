"""The child process of an engine: it reads requests from stdin, answers on stdout and writes results to files.

    python -m backend.engines.child NAME '{"models": "/…/models", "threads": 1, "script": null, …}'

Each line is one JSON object with the "id" of a request. {"id", "audio": path, "result": path, "options": {…}} begins a
request, and it has the turn. Its answers are any number of {"progress": [done, total]}, then {"done": true} or
{"error": {"code", "detail", "retry"}, "trace": stack trace}; the last one also has "memory", the bytes the process uses
now.

Requests share the process in turns, one at a time. After {"pause": true} the request with the turn yields it as soon as
it holds nothing that another one would change, and answers {"yielded": true}; {"turn": true} continues it.
{"stop": true} ends a request, at once or when it would yield; its answer is {"stopped": true}. The process exits when
stdin is closed, even if it is busy.
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
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import psutil

from backend.durable import write_durably
from backend.engines.protocols import EngineContext, EngineError, SpeakerHints, TranscribeOptions
from backend.engines.registry import Engine, Task, with_whisper_models
from backend.engines.result_checks import InvalidResult, check_diarization, check_sentences
from backend.engines.suspendable import SuspendableRequest
from backend.speech.types import diarization_to_json, sentence_to_json
from backend.speech.voices import voices_of, voices_to_json
from backend.weights import store

#: The detail of an error is for people to read: a longer one is cut.
_MAX_DETAIL = 1000
_MAX_TRACE = 4000


def main(name: str, context: EngineContext) -> None:
    """Answer requests until stdin is closed. Never returns."""
    requests, answers = _open_pipes()
    _exit_with_parent()
    engine = with_whisper_models(context.whisper_models)[name]
    configure_process(context.threads, engine.task)
    child = _Child(engine, context, answers)
    for message in _messages(requests, child.receive):
        child.serve(message)


class _Child:
    """Serves messages in the main thread. Each request has a thread, and one of them at most works."""

    def __init__(self, engine: Engine, context: EngineContext, answers: BinaryIO) -> None:
        self._engine = engine
        self._context = context
        self._answers = answers
        self._adapter: Any = None  # a Transcriber or a Diarizer, depending on the engine's task
        self._requests: dict[int, SuspendableRequest] = {}

    def serve(self, message: Mapping[str, Any]) -> None:
        """Let a request work until it yields or ends, and say which."""
        id = message["id"]
        request = self._requests.get(id)
        if request is None:  # it has ended before the message came
            return
        answer = request.work()
        if answer is None:
            self._send({"id": id, "yielded": True})
        else:
            del self._requests[id]
            self._send({"id": id, **answer})

    def receive(self, message: Mapping[str, Any]) -> bool:
        """Tell a request at once what it is to do; called in another thread. Returns whether the message still has to
        be served."""
        if "audio" in message:
            self._requests[message["id"]] = SuspendableRequest(lambda yielded: self._answer_to(message, yielded))
        request = self._requests.get(message["id"])
        if request is None:
            return False
        if "pause" in message:
            request.pause()
            return False
        if "stop" in message:
            return request.stop()
        request.resume()
        return True

    def _answer_to(self, request: Mapping[str, Any], yield_turn: Callable[[], None]) -> dict[str, Any]:
        try:
            self._run(request, yield_turn)
            _release_memory()
            answer: dict[str, Any] = {"done": True}
        except Exception as error:
            failure = _to_engine_error(error)
            answer = {
                "error": {"code": failure.code, "detail": failure.detail[:_MAX_DETAIL], "retry": failure.retry},
                "trace": _trace(error),
            }
        return answer | {"memory": _resident_bytes()}

    def _run(self, request: Mapping[str, Any], yield_turn: Callable[[], None]) -> None:
        if self._adapter is None:
            self._adapter = self._load()
        audio, options = Path(request["audio"]), request["options"]

        def report_progress(done: float, total: float, /) -> None:
            self._send({"id": request["id"], "progress": [float(done), float(total)]})

        if self._engine.task == "transcribe":
            transcribe_options = replace(_transcribe_options(options), yield_turn=yield_turn)
            sentences = self._adapter.transcribe(audio, transcribe_options, report_progress)
            result: Any = [sentence_to_json(sentence) for sentence in check_sentences(sentences)]
        else:
            speaker_hints = replace(_speaker_hints(options), yield_turn=yield_turn)
            diarization = self._adapter.diarize(audio, speaker_hints, report_progress)
            result = diarization_to_json(check_diarization(diarization))
            if speaker_hints.voices_file is not None:  # not durably: the server replaces it by an encrypted one
                voices = voices_to_json(self._engine.name, voices_of(diarization))
                speaker_hints.voices_file.write_text(json.dumps(voices, allow_nan=False))
        text = json.dumps(result, ensure_ascii=False, allow_nan=False)
        write_durably(Path(request["result"]), text.encode())

    def _load(self) -> Any:
        # checkpoints are pickles, which can run code: load only files with the expected hash
        for model in self._engine.models:
            store.verify(self._context.models, model)
        module, _, name = self._engine.adapter.partition(":")
        folder = () if self._engine.folder is None else (self._engine.folder,)
        adapter = getattr(importlib.import_module(module), name)(self._context, *folder)
        _release_memory()
        return adapter

    def _send(self, answer: Mapping[str, Any]) -> None:
        self._answers.write(json.dumps(answer).encode() + b"\n")
        self._answers.flush()


def _transcribe_options(options: Mapping[str, Any]) -> TranscribeOptions:
    checkpoint_file = options["checkpoint_file"]
    return TranscribeOptions(
        language=options["language"],
        hotwords=tuple(options["hotwords"]),
        checkpoint_file=None if checkpoint_file is None else Path(checkpoint_file),
    )


def _speaker_hints(options: Mapping[str, Any]) -> SpeakerHints:
    cache_file, voices_file = [
        None if (name := options[key]) is None else Path(name) for key in ("cache_file", "voices_file")
    ]
    return SpeakerHints(options["min_speakers"], options["max_speakers"], cache_file, voices_file)


def _to_engine_error(error: Exception) -> EngineError:
    """The error with one of the codes of EngineError."""
    name = type(error).__name__
    if isinstance(error, EngineError):
        return error
    if isinstance(error, store.ModelMissing):
        return EngineError("model_missing", error.detail)
    if isinstance(error, store.ModelDamaged):
        return EngineError("model_damaged", error.detail)
    if isinstance(error, MemoryError) or name == "OutOfMemoryError" or "can't allocate memory" in str(error):
        return EngineError("out_of_memory", "The engine ran out of memory.", retry=True)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return EngineError("disk_full", "The disk is full. Free some space; the job then continues.", retry=True)
    if isinstance(error, OSError) and error.errno == errno.EIO:
        return EngineError("disk_failed", "The disk failed. Tell the administrator and retry later.", retry=True)
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return EngineError("out_of_memory", "The engine ran out of memory.", retry=True)
    if isinstance(error, InvalidResult):
        return EngineError("engine_failed", f"The engine's result is invalid: {error}.")
    return EngineError("engine_failed", f"{name}: {error}")


def _trace(error: Exception) -> str:
    """The stack trace for the log, without the error's message, which may contain recognised text."""
    return "".join(traceback.format_tb(error.__traceback__))[-_MAX_TRACE:] + type(error).__name__


def _open_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The two pipes of the protocol, moved so that printing libraries cannot write to them: fd 1 becomes stderr, fd 0
    is empty."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    return requests, answers


def _messages(requests: BinaryIO, receive: Callable[[Mapping[str, Any]], bool]) -> Iterator[Mapping[str, Any]]:
    """Messages to serve, as they come. A thread reads them, so that a busy process hears that it is to pause, and exits
    when stdin is closed."""
    messages: queue.SimpleQueue[Mapping[str, Any]] = queue.SimpleQueue()

    def read() -> None:
        try:
            for line in requests:
                message = json.loads(line)
                if receive(message):
                    messages.put(message)
        except Exception:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)

    threading.Thread(target=read, name="messages", daemon=True).start()
    while True:
        yield messages.get()


def _exit_with_parent() -> None:
    """Linux then kills this process when its parent dies, even during a long call into a model."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def configure_process(threads: int, task: Task) -> None:
    """Lower the priority, go offline, disable telemetry and limit the threads. Call before heavy imports.

    A diarizer gets a lower priority than a recogniser: it has as many threads as there are cores."""
    os.nice(15 if task == "diarize" else 10)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
        os.environ[name] = str(threads)
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
        os.environ[name] = "1"
    os.environ["MODELSCOPE_OFFLINE"] = "1"
    os.environ["PYANNOTE_METRICS_ENABLED"] = "0"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"


def _release_memory() -> None:
    """Return freed memory to the system: after loading a model, half of it is freed but still held by the heap. The GPU
    memory that torch caches is released too, because the child process of the other engine may need it."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim is not None:
            trim(0)


def _resident_bytes() -> int:
    return int(psutil.Process().memory_info().rss)


if __name__ == "__main__":
    main(sys.argv[1], EngineContext.from_json(sys.argv[2]))
