"""The host handles every failure of its child process. Every child here is a real process."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from backend.engines.protocols import EngineError
from tests.engines.conftest import ProgressRecorder
from tests.engines.host_requests import LONG, SENTENCES, MakeHost, Script, gone, request_for, until


async def test_the_result_is_a_file_and_progress_is_audio_time(
    host: MakeHost, script: Script, audio: Path, recorder: ProgressRecorder
) -> None:
    await host(script(sentences=SENTENCES)).run(request_for(audio), recorder)

    result = json.loads(audio.with_name("sentences.json").read_text())
    assert [row["text"] for row in result] == ["第0句。", "第1句。", "第2句。", "第3句。"]
    assert recorder.reports == [(0.0, 10.0), (0.5, 10.0), (1.5, 10.0), (2.5, 10.0), (3.5, 10.0), (10.0, 10.0)]


async def test_progress_never_decreases(
    host: MakeHost, script: Script, audio: Path, recorder: ProgressRecorder
) -> None:
    nested = [{"start": 0.0, "end": 5.0, "text": "长"}, {"start": 1.0, "end": 3.0, "text": "短"}]

    await host(script(sentences=nested)).run(request_for(audio), recorder)

    assert recorder.reports == [(0.0, 10.0), (5.0, 10.0), (10.0, 10.0)]


async def test_the_child_starts_with_the_first_request_and_keeps_running(
    host: MakeHost, script: Script, audio: Path, recorder: ProgressRecorder
) -> None:
    engine_host = host(script(sentences=SENTENCES))
    before = engine_host.state()

    await engine_host.run(request_for(audio), recorder)
    first = engine_host.state()
    await engine_host.run(request_for(audio), recorder)
    second = engine_host.state()

    assert (before["alive"], before["pid"], before["memory"]) == (False, None, 0)
    assert first["alive"]
    assert first["memory"] > 0
    assert first["pid"] == second["pid"]
    assert (first["served"], second["served"], second["busy"]) == (1, 2, False)


async def test_a_killed_child_is_a_retryable_error_and_is_replaced(
    host: MakeHost, script: Script, audio: Path, recorder: ProgressRecorder, tmp_path: Path
) -> None:
    fault = {"signal": int(signal.SIGKILL), "once": str(tmp_path / "happened")}
    engine_host = host(script(sentences=SENTENCES, transcribe={"steps": {"2": fault}}))

    with pytest.raises(EngineError, match="SIGKILL") as raised:
        await engine_host.run(request_for(audio), recorder)
    await engine_host.run(request_for(audio), recorder)

    assert (raised.value.code, raised.value.retry) == ("engine_died", True)
    assert audio.with_name("sentences.json").exists()


async def test_a_child_killed_from_outside_while_it_hangs_is_noticed(
    host: MakeHost, script: Script, audio: Path, recorder: ProgressRecorder
) -> None:
    engine_host = host(script(sentences=SENTENCES, transcribe={"steps": {"1": {"hang": True}}}))
    request = asyncio.create_task(engine_host.run(request_for(audio), recorder))
    await until(lambda: len(recorder.reports) == 2)

    os.kill(engine_host.state()["pid"], signal.SIGKILL)

    with pytest.raises(EngineError, match="SIGKILL"):
        await asyncio.wait_for(request, 2.0)


async def test_the_error_of_a_child_that_exits_contains_its_stderr(
    host: MakeHost, script: Script, audio: Path, recorder: ProgressRecorder
) -> None:
    engine_host = host(script(sentences=SENTENCES, transcribe={"steps": {"1": {"stderr": 190, "exit": 3}}}))

    with pytest.raises(EngineError) as raised:
        await engine_host.run(request_for(audio), recorder)

    assert raised.value.code == "engine_died"
    assert "with status 3" in raised.value.detail
    assert "a flood of letters" in raised.value.detail


async def test_an_engine_error_is_passed_on_and_the_child_keeps_running(
    host: MakeHost, script: Script, audio: Path, recorder: ProgressRecorder
) -> None:
    error = {"code": "audio_unreadable", "detail": "Not audio.", "retry": False}
    engine_host = host(script(sentences=SENTENCES, transcribe={"steps": {"0": {"error": error}}}))

    with pytest.raises(EngineError) as raised:
        await engine_host.run(request_for(audio), recorder)

    assert (raised.value.code, raised.value.detail, raised.value.retry) == ("audio_unreadable", "Not audio.", False)
    assert engine_host.state()["alive"]


async def test_a_child_that_ran_out_of_memory_is_not_used_again(
    host: MakeHost, script: Script, audio: Path, recorder: ProgressRecorder
) -> None:
    error = {"code": "out_of_memory", "detail": "No more.", "retry": True}
    engine_host = host(script(sentences=SENTENCES, transcribe={"steps": {"0": {"error": error}}}))

    with pytest.raises(EngineError, match="out_of_memory"):
        await engine_host.run(request_for(audio), recorder)

    assert not engine_host.state()["alive"]


async def test_requests_are_served_one_at_a_time_in_order(host: MakeHost, script: Script, audio: Path) -> None:
    engine_host = host(script(sentences=SENTENCES))
    events: list[tuple[str, int]] = []

    async def ask(number: int) -> None:
        await engine_host.run(request_for(audio, f"{number}.json"), lambda done, _total: begun(number, done))
        events.append(("done", number))

    def begun(number: int, done: float) -> None:
        if done == 0:
            events.append(("begun", number))

    await asyncio.wait_for(asyncio.gather(*map(ask, range(5))), LONG)

    assert events == [(what, number) for number in range(5) for what in ("begun", "done")]


async def test_an_idle_child_is_stopped_and_the_next_request_starts_another(
    host: MakeHost, script: Script, audio: Path, recorder: ProgressRecorder
) -> None:
    engine_host = host(script(sentences=SENTENCES), idle_seconds=0.05)
    await engine_host.run(request_for(audio), recorder)
    pid = engine_host.state()["pid"]

    await until(lambda: not engine_host.state()["alive"] and gone(pid))
    await engine_host.run(request_for(audio), recorder)

    assert engine_host.state()["served"] == 2


async def test_a_busy_child_is_never_idle(
    host: MakeHost, script: Script, audio: Path, recorder: ProgressRecorder
) -> None:
    engine_host = host(script(sentences=SENTENCES, transcribe={"delay": 0.05}), idle_seconds=0.001)

    await asyncio.gather(engine_host.run(request_for(audio), recorder), engine_host.run(request_for(audio), recorder))

    assert engine_host.state()["served"] == 2


async def test_a_child_that_grew_too_big_is_replaced_after_its_request(
    host: MakeHost, script: Script, audio: Path, recorder: ProgressRecorder
) -> None:
    engine_host = host(
        script(sentences=SENTENCES, transcribe={"steps": {"0": {"memory": 300_000_000}}}), memory_bytes=250_000_000
    )

    await engine_host.run(request_for(audio), recorder)

    assert not engine_host.state()["alive"]
    assert engine_host.state()["served"] == 1
    assert audio.with_name("sentences.json").exists()


async def test_unload_stops_an_idle_child_and_a_busy_one_only_if_forced(
    host: MakeHost, script: Script, audio: Path, recorder: ProgressRecorder
) -> None:
    one = host(script(sentences=SENTENCES, transcribe={"steps": {"1": {"hang": True}}}))
    assert await one.unload()  # nothing was loaded
    request = asyncio.create_task(one.run(request_for(audio), recorder))
    await until(lambda: bool(one.state()["busy"] and recorder.reports))

    assert not await one.unload()
    assert one.state()["alive"]
    assert await one.unload(at_work=True)

    with pytest.raises(EngineError) as died:
        await request
    assert died.value.retry
    assert not one.state()["alive"]


async def test_floods_on_stderr_and_stdout_do_not_block_a_request(
    host: MakeHost, script: Script, audio: Path, recorder: ProgressRecorder
) -> None:
    flood = {"stderr": 5_000_000, "stdout": 5_000_000}
    engine_host = host(script(sentences=SENTENCES, transcribe={"steps": {"1": flood}}))

    await asyncio.wait_for(engine_host.run(request_for(audio), recorder), LONG)

    assert recorder.reports[-1] == (10.0, 10.0)


async def test_an_endless_error_message_is_cut(
    host: MakeHost, script: Script, audio: Path, recorder: ProgressRecorder
) -> None:
    engine_host = host(script(sentences=SENTENCES, transcribe={"steps": {"1": {"raise": "很长" * 1_000_000}}}))

    with pytest.raises(EngineError) as raised:
        await asyncio.wait_for(engine_host.run(request_for(audio), recorder), LONG)

    assert raised.value.code == "engine_failed"
    assert 100 < len(raised.value.detail) <= 1000
    assert engine_host.state()["alive"]


async def test_a_failing_progress_callback_ends_the_request_and_the_child(
    host: MakeHost, script: Script, audio: Path
) -> None:
    engine_host = host(script(sentences=SENTENCES))

    def fail(done: float, total: float, /) -> None:
        raise LookupError("the callback failed")

    with pytest.raises(LookupError):
        await engine_host.run(request_for(audio), fail)

    assert not engine_host.state()["alive"]


async def test_the_childs_environment_has_no_secrets(
    host: MakeHost, script: Script, audio: Path, recorder: ProgressRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "not for models")
    monkeypatch.setenv("HF_TOKEN", "not for models")
    engine_host = host(script(sentences=SENTENCES))

    await engine_host.run(request_for(audio), recorder)

    assert "not for models" not in psutil.Process(engine_host.state()["pid"]).environ().values()


async def test_a_child_does_not_outlive_a_server_that_is_killed(script: Script, audio: Path, tmp_path: Path) -> None:
    hang = script(sentences=SENTENCES, transcribe={"steps": {"1": {"hang": True}}})
    server = tmp_path / "server.py"
    server.write_text(
        f"""
import asyncio
from pathlib import Path
from backend.engines.host import EngineHost
from backend.engines.protocols import EngineContext

async def main():
    context = EngineContext(Path("models"), 1, Path({str(hang)!r}))
    host = EngineHost("scripted", context, idle_seconds=9, memory_bytes=8e9)
    request = {request_for(audio)!r}
    await host.run(request, lambda done, total: done and print(host.state()["pid"], flush=True))

asyncio.run(main())
"""
    )
    root = str(Path(__file__).resolve().parents[2])
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(server), stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": root}
    )
    assert process.stdout is not None
    pid = int(await process.stdout.readline())

    process.kill()
    await process.wait()

    def ended() -> bool:
        try:  # the system may reap an orphan late
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    await until(ended)
