"""Cancelling and closing end running requests within two seconds and leave no child process."""

import asyncio
from pathlib import Path

import psutil
import pytest

from tests.engines.conftest import ProgressRecorder
from tests.engines.host_requests import LONG, SENTENCES, MakeHost, Script, gone, request_for, until


async def test_cancelling_kills_and_reaps_a_hanging_child_within_two_seconds(
    host: MakeHost, script: Script, audio: Path, recorder: ProgressRecorder
) -> None:
    engine_host = host(script(sentences=SENTENCES, transcribe={"steps": {"1": {"hang": True}}}))
    request = asyncio.create_task(engine_host.run(request_for(audio), recorder))
    await until(lambda: len(recorder.reports) == 2)
    pid = engine_host.state()["pid"]

    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(request, 2.0)

    assert gone(pid)
    assert pid not in [child.pid for child in psutil.Process().children()]


async def test_cancelling_also_kills_processes_the_child_has_started(
    host: MakeHost, script: Script, audio: Path, recorder: ProgressRecorder
) -> None:
    engine_host = host(script(sentences=SENTENCES, transcribe={"steps": {"1": {"spawn": 600, "hang": True}}}))
    request = asyncio.create_task(engine_host.run(request_for(audio), recorder))
    await until(
        lambda: engine_host.state()["pid"] is not None and bool(psutil.Process(engine_host.state()["pid"]).children())
    )
    [sleeper] = psutil.Process(engine_host.state()["pid"]).children()

    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(request, 2.0)

    await until(lambda: not sleeper.is_running() or sleeper.status() == psutil.STATUS_ZOMBIE)


async def test_cancelling_during_the_start_leaves_no_child(
    host: MakeHost, script: Script, audio: Path, recorder: ProgressRecorder
) -> None:
    engine_host = host(script(sentences=SENTENCES))
    request = asyncio.create_task(engine_host.run(request_for(audio), recorder))
    await asyncio.sleep(0)

    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(request, 2.0)

    assert "backend.engines.child" not in str([child.cmdline() for child in psutil.Process().children()])


async def test_cancelling_a_waiting_request_does_not_affect_the_running_one(
    host: MakeHost, script: Script, audio: Path, recorder: ProgressRecorder
) -> None:
    engine_host = host(script(sentences=SENTENCES, transcribe={"delay": 0.05}))
    running = asyncio.create_task(engine_host.run(request_for(audio), recorder))
    await until(lambda: len(recorder.reports) >= 1)
    waiting = asyncio.create_task(engine_host.run(request_for(audio, "other.json"), ProgressRecorder()))
    await asyncio.sleep(0)

    waiting.cancel()
    await asyncio.wait_for(running, LONG)

    assert waiting.cancelled()
    assert audio.with_name("sentences.json").exists()
    assert not audio.with_name("other.json").exists()


async def test_waiting_requests_continue_with_a_new_child_after_a_cancel(
    host: MakeHost, script: Script, audio: Path, recorder: ProgressRecorder, tmp_path: Path
) -> None:
    fault = {"hang": True, "once": str(tmp_path / "happened")}
    engine_host = host(script(sentences=SENTENCES, transcribe={"steps": {"1": fault}}))
    hanging = asyncio.create_task(engine_host.run(request_for(audio, "first.json"), recorder))
    waiting = asyncio.create_task(engine_host.run(request_for(audio, "second.json"), ProgressRecorder()))
    await until((tmp_path / "happened").exists)

    hanging.cancel()
    await asyncio.wait_for(waiting, LONG)

    assert audio.with_name("second.json").exists()
    assert not audio.with_name("first.json").exists()


async def test_closing_ends_running_and_waiting_requests(
    host: MakeHost, script: Script, audio: Path, recorder: ProgressRecorder
) -> None:
    engine_host = host(script(sentences=SENTENCES, transcribe={"steps": {"1": {"hang": True}}}))
    request = [asyncio.create_task(engine_host.run(request_for(audio), recorder)) for _ in range(2)]
    await until(lambda: len(recorder.reports) == 2)
    pid = engine_host.state()["pid"]

    await asyncio.wait_for(engine_host.close(), 2.0)
    errors = await asyncio.wait_for(asyncio.gather(*request, return_exceptions=True), 2.0)

    assert gone(pid)
    assert [getattr(error, "code", error) for error in errors] == ["engine_died", "engine_died"]
