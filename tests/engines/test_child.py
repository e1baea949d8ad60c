"""The child process alone, over its pipes: its answers, its errors and its exit."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from backend.engines.child import _release_memory
from backend.engines.protocols import EngineContext

ROOT = Path(__file__).resolve().parents[2]
HANG = {"steps": {"0": {"hang": True}}}

Script = Callable[..., Path]
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the child process of an engine."""
    children: list[subprocess.Popen[bytes]] = []

    def run(name: str = "scripted", script: Path | None = None, threads: int = 1) -> "subprocess.Popen[bytes]":
        context = EngineContext(tmp_path / "models", threads, script)
        command = [sys.executable, "-m", "backend.engines.child", name, context.to_json()]
        pipe = subprocess.PIPE
        child = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
        children.append(child)
        return children[-1]

    yield run
    for child in children:
        with child:
            child.kill()


def ask(child: "subprocess.Popen[bytes]", audio: Path, **options: Any) -> list[dict[str, Any]]:
    """Sends one request and returns all of its answers."""
    assert child.stdout is not None
    send(child, audio, **options)
    answers: list[dict[str, Any]] = []
    while not answers or "progress" in answers[-1]:
        answers.append(json.loads(child.stdout.readline()))
    return answers


def send(child: "subprocess.Popen[bytes]", audio: Path, **options: Any) -> None:
    assert child.stdin is not None
    transcribe_options: dict[str, Any] = {"language": "zh", "hotwords": [], "checkpoint_file": None}
    request = {
        "id": 1,
        "audio": str(audio),
        "result": str(audio.with_name("result.json")),
        "options": options or transcribe_options,
    }
    child.stdin.write(json.dumps(request).encode() + b"\n")
    child.stdin.flush()


def python(code: str) -> str:
    """The output of a new interpreter."""
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, text=True).stdout


def test_a_request_is_answered_with_progress_then_done_and_memory(start: Start, script: Script, audio: Path) -> None:
    child = start(script=script(sentences=[{"start": 0, "end": 1, "text": "好。"}]))

    *progress, last = ask(child, audio)

    assert progress == [{"id": 1, "progress": [done, 10.0]} for done in (0.0, 1.0, 10.0)]
    assert last["done"] is True
    assert last["memory"] > 1_000_000
    assert json.loads(audio.with_name("result.json").read_text()) == [
        {"start": 0.0, "end": 1.0, "text": "好。", "words": [["好", 0.0, 1.0]], "error": None}
    ]


def test_requests_are_served_one_after_another(start: Start, script: Script, audio: Path) -> None:
    child = start(script=script(sentences=[]))

    assert [ask(child, audio)[-1].get("done") for _ in range(3)] == [True, True, True]


def test_a_diarizer_takes_hints_and_writes_turns_and_voices(start: Start, script: Script, audio: Path) -> None:
    turns, vectors = [["A", 0.0, 2.0], ["B", 1.5, 3.0]], {"A": [0.5, 1.0], "B": [float("nan"), 1.0]}
    child = start("scripted-diarizer", script(turns=turns, vectors=vectors))
    voices = audio.with_name("voices.json")

    ask(child, audio, min_speakers=2, max_speakers=None, cache_file=None, voices_file=str(voices))

    sounds = {"voice": "A", "vector": [0.5, 1.0], "seconds": 1.5, "spans": [[0.0, 1.5]]}
    assert json.loads(voices.read_text()) == {"model": "scripted-diarizer", "voices": [sounds]}

    assert json.loads(audio.with_name("result.json").read_text()) == {
        "turns": [["A", 0.0, 2.0], ["B", 1.5, 3.0]],
        "exclusive": [["A", 0.0, 2.0], ["B", 2.0, 3.0]],
    }


@pytest.mark.parametrize(
    "sentence",
    [
        {"start": float("nan"), "end": 1.0, "text": "好"},
        {"start": 0.0, "end": float("inf"), "text": "好"},
        {"start": -1.0, "end": 1.0, "text": "好"},
        {"start": 2.0, "end": 1.0, "text": "好", "words": []},
        {"start": 0.0, "end": 1.0, "text": "好", "words": [["好", 0.0, float("nan")]]},
        {"start": 0.0, "end": 1.0, "text": "好", "words": [["好", 0.5, 1.0], ["好", 0.1, 0.2]]},
        {"start": 0.0, "end": 1.0, "text": "好", "error": "asr_error"},
    ],
)
def test_an_invalid_result_is_refused_and_not_written(
    start: Start, script: Script, audio: Path, sentence: dict[str, Any]
) -> None:
    error = ask(start(script=script(sentences=[sentence])), audio)[-1]["error"]

    assert (error["code"], error["retry"]) == ("engine_failed", False)
    assert "is invalid" in error["detail"]
    assert not audio.with_name("result.json").exists()


def test_sentences_out_of_order_are_refused(start: Start, script: Script, audio: Path) -> None:
    sentences = [{"start": 3, "end": 4, "text": "后"}, {"start": 1, "end": 2, "text": "先"}]

    assert ask(start(script=script(sentences=sentences)), audio)[-1]["error"]["code"] == "engine_failed"


def test_exclusive_turns_that_overlap_are_refused(start: Start, script: Script, audio: Path) -> None:
    turns = [["A", 0.0, 2.0], ["B", 1.0, 3.0]]
    child = start("scripted-diarizer", script(turns=turns, exclusive=turns))

    error = ask(child, audio, min_speakers=None, max_speakers=None, cache_file=None, voices_file=None)[-1]["error"]

    assert error["detail"] == "The engine's result is invalid: exclusive turn 1 begins before the one before it ends."


def test_an_unexpected_error_is_reported_and_the_child_continues(start: Start, script: Script, audio: Path) -> None:
    child = start(
        script=script(sentences=[{"start": 0, "end": 1, "text": "好"}], transcribe={"steps": {"0": {"raise": "oh"}}})
    )

    errors = [ask(child, audio)[-1]["error"] for _ in range(2)]

    assert errors == [{"code": "engine_failed", "detail": "RuntimeError: oh", "retry": False}] * 2


def test_the_trace_has_the_place_but_not_the_message(start: Start, script: Script, audio: Path) -> None:
    steps = {"0": {"raise": "somebody said this"}}
    child = start(script=script(sentences=[{"start": 0, "end": 1, "text": "好"}], transcribe={"steps": steps}))

    trace = ask(child, audio)[-1]["trace"]

    assert "scripted.py" in trace
    assert trace.endswith("RuntimeError")
    assert "somebody" not in trace


def test_out_of_memory_in_torch_may_be_retried(start: Start, script: Script, audio: Path) -> None:
    steps = {"0": {"raise": "[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"}}
    child = start(script=script(sentences=[{"start": 0, "end": 1, "text": "好"}], transcribe={"steps": steps}))

    error = ask(child, audio)[-1]["error"]

    assert (error["code"], error["retry"]) == ("out_of_memory", True)


def test_unreadable_audio_has_its_own_error_code(start: Start, script: Script, tmp_path: Path) -> None:
    (tmp_path / "not.wav").write_bytes(b"not audio")

    error = ask(start(script=script(sentences=[])), tmp_path / "not.wav")[-1]["error"]

    assert error["code"] == "audio_unreadable"


@pytest.mark.parametrize(
    ("number", "code"), [(errno.ENOSPC, "disk_full"), (errno.EDQUOT, "disk_full"), (errno.ENOMEM, "out_of_memory")]
)
def test_a_full_disk_and_full_memory_may_be_retried(
    start: Start, script: Script, audio: Path, number: int, code: str
) -> None:
    steps = {"0": {"errno": number}}
    child = start(script=script(sentences=[{"start": 0, "end": 1, "text": "好"}], transcribe={"steps": steps}))

    error = ask(child, audio)[-1]["error"]

    assert (error["code"], error["retry"]) == (code, True)


def test_a_failed_allocation_may_be_retried(start: Start, script: Script, audio: Path) -> None:
    steps = {"0": {"memory": 1 << 60}}
    child = start(script=script(sentences=[{"start": 0, "end": 1, "text": "好"}], transcribe={"steps": steps}))

    error = ask(child, audio)[-1]["error"]

    assert (error["code"], error["retry"]) == ("out_of_memory", True)


def test_missing_models_are_reported_before_anything_is_loaded(start: Start, audio: Path) -> None:
    error = ask(start("vosk"), audio)[-1]["error"]

    assert error["code"] == "model_missing"
    assert "python -m backend models fetch" in error["detail"]


def test_a_changed_checkpoint_is_not_loaded(start: Start, audio: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models" / "pyannote-3.1"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text("changed")
    manifest = {"files": {"config.yaml": {"size": 7, "sha256": "0" * 64}}, "source": "", "revision": "", "licence": ""}
    (folder / "manifest.json").write_text(json.dumps(manifest))

    error = ask(start("pyannote-3.1"), audio, min_speakers=None, max_speakers=None, cache_file=None)[-1]["error"]

    assert error["code"] == "model_damaged"


@pytest.mark.parametrize("transcribe", [{}, HANG], ids=["idle", "busy"])
def test_the_child_exits_when_stdin_is_closed(
    start: Start, script: Script, audio: Path, transcribe: dict[str, Any]
) -> None:
    child = start(script=script(sentences=[{"start": 0, "end": 1, "text": "好"}], transcribe=transcribe))
    assert child.stdin is not None
    assert child.stdout is not None
    send(child, audio)
    child.stdout.readline()

    child.stdin.close()

    assert child.wait(timeout=5) == 0


def test_the_child_has_a_lower_priority(start: Start, script: Script, audio: Path) -> None:
    child = start(script=script(sentences=[]))

    ask(child, audio)

    assert psutil.Process(child.pid).nice() == min(19, os.nice(0) + 10)


def test_a_diarizer_has_a_lower_priority_than_a_recogniser(start: Start, script: Script, audio: Path) -> None:
    child = start("scripted-diarizer", script=script(sentences=[]))

    ask(child, audio, min_speakers=None, max_speakers=None, cache_file=None)

    assert psutil.Process(child.pid).nice() == min(19, os.nice(0) + 15)


def test_configuring_the_process_sets_what_libraries_read_at_import() -> None:
    code = "import os, json; from backend.engines.child import configure_process; configure_process(3, 'transcribe')"
    environment = json.loads(python(f"{code}; print(json.dumps(dict(os.environ)))"))

    assert {environment[f"{name}_NUM_THREADS"] for name in ("OMP", "MKL", "OPENBLAS")} == {"3"}
    assert environment["HF_HUB_OFFLINE"] == environment["TRANSFORMERS_OFFLINE"] == "1"
    assert environment["PYANNOTE_METRICS_ENABLED"] == "0"


@pytest.mark.parametrize("used", [True, False])
def test_cached_gpu_memory_is_released_after_a_request(monkeypatch: pytest.MonkeyPatch, used: bool) -> None:
    emptied: list[bool] = []
    cuda = SimpleNamespace(is_initialized=lambda: used, empty_cache=lambda: emptied.append(True))
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))

    _release_memory()

    assert emptied == [True] * used


def test_starting_imports_no_heavy_library() -> None:
    loaded = python("import sys, backend.engines.child; print(*sys.modules)").split()

    assert "backend.engines.child" in loaded
    assert not {"torch", "numpy", "fastapi", "sqlalchemy"} & set(loaded)
