"""Cancelling and closing end what runs within two seconds, and leave no child behind."""

import asyncio
from pathlib import Path

import psutil
import pytest

from tests.engines.asking import LONG, SENTENCES, MakeHost, Script, gone, request_for, until
from tests.engines.conftest import Told


async def test_cancelling_kills_a_hanging_child_within_two_seconds_and_buries_it(
    host: MakeHost, script: Script, audio: Path, told: Told
) -> None:
    asked = host(script(sentences=SENTENCES, transcribe={"steps": {"1": {"hang": True}}}))
    asking = asyncio.create_task(asked.ask(request_for(audio), told))
    await until(lambda: len(told.reports) == 2)
    pid = asked.state()["pid"]

    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(asking, 2.0)

    assert gone(pid)
    assert pid not in [child.pid for child in psutil.Process().children()]


async def test_cancelling_kills_what_the_child_has_started_too(
    host: MakeHost, script: Script, audio: Path, told: Told
) -> None:
    asked = host(script(sentences=SENTENCES, transcribe={"steps": {"1": {"spawn": 600, "hang": True}}}))
    asking = asyncio.create_task(asked.ask(request_for(audio), told))
    await until(lambda: asked.state()["pid"] is not None and bool(psutil.Process(asked.state()["pid"]).children()))
    [sleeper] = psutil.Process(asked.state()["pid"]).children()

    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(asking, 2.0)

    await until(lambda: not sleeper.is_running() or sleeper.status() == psutil.STATUS_ZOMBIE)


async def test_cancelling_before_the_child_is_up_leaves_none_behind(
    host: MakeHost, script: Script, audio: Path, told: Told
) -> None:
    asked = host(script(sentences=SENTENCES))
    asking = asyncio.create_task(asked.ask(request_for(audio), told))
    await asyncio.sleep(0)

    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(asking, 2.0)

    assert "backend.engines.child" not in str([child.cmdline() for child in psutil.Process().children()])


async def test_cancelling_one_who_waits_leaves_the_running_request_alone(
    host: MakeHost, script: Script, audio: Path, told: Told
) -> None:
    asked = host(script(sentences=SENTENCES, transcribe={"delay": 0.05}))
    running = asyncio.create_task(asked.ask(request_for(audio), told))
    await until(lambda: len(told.reports) >= 1)
    waiting = asyncio.create_task(asked.ask(request_for(audio, "other.json"), Told()))
    await asyncio.sleep(0)

    waiting.cancel()
    await asyncio.wait_for(running, LONG)

    assert waiting.cancelled()
    assert audio.with_name("sentences.json").exists()
    assert not audio.with_name("other.json").exists()


async def test_those_who_wait_go_on_with_a_new_child_after_a_cancel(
    host: MakeHost, script: Script, audio: Path, told: Told, tmp_path: Path
) -> None:
    fault = {"hang": True, "once": str(tmp_path / "happened")}
    asked = host(script(sentences=SENTENCES, transcribe={"steps": {"1": fault}}))
    hanging = asyncio.create_task(asked.ask(request_for(audio, "first.json"), told))
    waiting = asyncio.create_task(asked.ask(request_for(audio, "second.json"), Told()))
    await until(lambda: len(told.reports) == 2)

    hanging.cancel()
    await asyncio.wait_for(waiting, LONG)

    assert audio.with_name("second.json").exists()
    assert not audio.with_name("first.json").exists()


async def test_closing_ends_a_running_request_and_those_that_wait(
    host: MakeHost, script: Script, audio: Path, told: Told
) -> None:
    asked = host(script(sentences=SENTENCES, transcribe={"steps": {"1": {"hang": True}}}))
    asking = [asyncio.create_task(asked.ask(request_for(audio), told)) for _ in range(2)]
    await until(lambda: len(told.reports) == 2)
    pid = asked.state()["pid"]

    await asyncio.wait_for(asked.close(), 2.0)
    errors = await asyncio.wait_for(asyncio.gather(*asking, return_exceptions=True), 2.0)

    assert gone(pid)
    assert [getattr(error, "code", error) for error in errors] == ["engine_died", "engine_died"]
