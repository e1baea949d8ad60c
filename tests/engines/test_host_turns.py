"""Requests share one engine in turns. Every child here is a real process; one slice is as short as possible."""

import asyncio
import os
import signal
import wave
from pathlib import Path
from typing import Any

import pytest

from backend.engines.host import EngineHost
from backend.engines.protocols import EngineContext, EngineError
from backend.engines.turns import Priority
from tests.engines.conftest import ProgressRecorder
from tests.engines.host_requests import LONG, SENTENCES, Script, gone, request_for, until

#: Ten steps of a long file.
TEN = [{"start": float(k), "end": k + 0.5, "text": f"第{k}句。"} for k in range(10)]


@pytest.fixture
def recorder() -> ProgressRecorder:
    return ProgressRecorder()


class Talks:
    """Several requests at one host, and the order in which they made progress."""

    def __init__(self, host: EngineHost, audio: Path) -> None:
        self.host = host
        self.audio = audio
        self.order: list[str] = []
        self.places: dict[str, list[int | None]] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, name: str, priority: Priority, **options: Any) -> asyncio.Task[None]:
        request = request_for(self.audio, f"{name}.json")
        request["options"] = {**request["options"], **options}
        self.places[name] = []

        def progress(_done: float, _total: float, /) -> None:
            self.order.append(name)

        work = self.host.run(request, progress, priority, self.places[name].append)
        self.tasks[name] = asyncio.create_task(work)
        return self.tasks[name]

    async def begun(self, name: str, steps: int = 2) -> None:
        await until(lambda: self.order.count(name) >= steps)


def silence(path: Path, seconds: int) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(bytes(32_000 * seconds))
    return path


def host_of(script: Path, **limits: float) -> EngineHost:
    context = EngineContext(Path("models"), script=script)
    options = {"idle_seconds": 600.0, "memory_bytes": 8e9, "slice_seconds": 0.0, "finish_seconds": 0.0, **limits}
    return EngineHost("scripted", context, **options)


async def test_a_short_file_does_not_wait_for_a_long_one(script: Script, audio: Path, tmp_path: Path) -> None:
    alone, shared = (Talks(host_of(script(transcribe={"delay": 0.02})), audio) for _ in range(2))
    alone.audio = shared.audio = silence(tmp_path / "long.wav", 300)
    await alone.start("alone", Priority("a", 300))
    long = shared.start("long", Priority("a", 300))
    await shared.begun("long")
    shared.audio = silence(tmp_path / "short.wav", 20)

    await shared.start("short", Priority("b", 20))

    assert not long.done()
    await long
    assert (tmp_path / "long.json").read_bytes() == (tmp_path / "alone.json").read_bytes()
    assert shared.host.state()["served"] == 2
    await asyncio.gather(alone.host.close(), shared.host.close())


async def test_a_request_that_is_nearly_done_is_not_asked_to_yield(script: Script, audio: Path, tmp_path: Path) -> None:
    talks = Talks(host_of(script(transcribe={"delay": 0.01}), finish_seconds=600.0), audio)
    talks.audio = silence(tmp_path / "long.wav", 300)
    long = talks.start("long", Priority("a", 300))
    talks.audio = silence(tmp_path / "short.wav", 30)
    short = talks.start("short", Priority("b", 30))

    await asyncio.gather(long, short)

    first = talks.order.index("short")
    steps = talks.order.count("short")
    assert talks.order[first : first + steps] == ["short"] * steps
    assert "long" in talks.order[first + steps :]
    await talks.host.close()


async def test_nothing_is_done_twice(script: Script, audio: Path, tmp_path: Path) -> None:
    talks = Talks(host_of(script(sentences=TEN, transcribe={"delay": 0.05})), audio)
    files = {name: str(tmp_path / f"{name}.jsonl") for name in ("a", "b", "c")}
    await asyncio.gather(*(talks.start(name, Priority(name, 60), checkpoint_file=files[name]) for name in files))

    for file in files.values():
        assert Path(file).read_text().count('"index"') == len(TEN)
    # Each has a turn before the first has its second one.
    assert set(talks.order[: talks.order.index("a", 4)]) == {"a", "b", "c"}
    await talks.host.close()


async def test_who_waits_is_told_the_place_and_when_the_turn_comes(script: Script, audio: Path) -> None:
    talks = Talks(host_of(script(sentences=TEN, transcribe={"delay": 0.1}), slice_seconds=600.0), audio)
    first = talks.start("first", Priority("a", 60))
    await talks.begun("first")
    second, third = talks.start("second", Priority("b", 60)), talks.start("third", Priority("b", 90))
    await until(lambda: talks.places["third"] == [2])

    assert talks.places["second"] == [1]
    assert talks.host.state()["waiting"] == 2
    await asyncio.gather(first, second, third)
    assert talks.places == {"first": [None], "second": [1, None], "third": [2, 1, None]}
    await talks.host.close()


async def test_a_live_request_is_heard_at_once_among_many(script: Script, audio: Path) -> None:
    talks = Talks(host_of(script(sentences=TEN, transcribe={"delay": 0.1}), slice_seconds=600.0), audio)
    batch = [talks.start(f"batch {number}", Priority(str(number), 600)) for number in range(20)]
    await talks.begun("batch 0")

    await talks.start("live", Priority("z", 3600, interactive=True))

    assert not any(task.done() for task in batch)
    await talks.host.close()
    await asyncio.gather(*batch, return_exceptions=True)


async def test_a_death_in_the_turn_of_one_costs_the_others_nothing(script: Script, audio: Path, tmp_path: Path) -> None:
    talks = Talks(host_of(script(sentences=TEN, transcribe={"delay": 0.2})), audio)
    files = {name: str(tmp_path / f"{name}.jsonl") for name in ("a", "b")}
    tasks = [talks.start(name, Priority(name, 60), checkpoint_file=files[name]) for name in files]
    await talks.begun("a")
    await talks.begun("b")

    os.kill(talks.host.state()["pid"], signal.SIGKILL)
    results = await asyncio.gather(*tasks, return_exceptions=True)

    died = [one for one in results if isinstance(one, EngineError)]
    assert [(error.code, error.retry) for error in died] == [("engine_died", True)]
    assert results.count(None) == 1
    await talks.host.close()


async def test_cancelling_one_between_two_slices_leaves_the_others_and_the_process(script: Script, audio: Path) -> None:
    talks = Talks(host_of(script(sentences=TEN, transcribe={"delay": 0.1})), audio)
    kept, cancelled = talks.start("kept", Priority("a", 60)), talks.start("cancelled", Priority("b", 60))
    await talks.begun("kept")
    await talks.begun("cancelled")
    pid = talks.host.state()["pid"]

    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(cancelled, 2.0)
    seen = talks.order.count("cancelled")
    await asyncio.wait_for(kept, LONG)

    assert talks.order.count("cancelled") == seen
    assert talks.host.state()["pid"] == pid
    await talks.host.close()


async def test_cancelling_one_that_hangs_kills_the_process_and_the_others_go_on(
    script: Script, audio: Path, tmp_path: Path
) -> None:
    hang = {"hang": True, "once": str(tmp_path / "hung")}
    talks = Talks(host_of(script(sentences=SENTENCES, transcribe={"steps": {"2": hang}}), slice_seconds=600.0), audio)
    hanging = talks.start("hanging", Priority("a", 60))
    await talks.begun("hanging", 3)
    pid = talks.host.state()["pid"]
    other = talks.start("other", Priority("b", 60))

    hanging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(hanging, 2.0)
    await asyncio.wait_for(other, LONG)

    assert gone(pid)
    await talks.host.close()


async def test_a_slice_that_never_ends_is_given_up(script: Script, audio: Path, tmp_path: Path) -> None:
    hang = {"hang": True, "once": str(tmp_path / "hung")}
    limits = {"slice_seconds": 0.0, "max_yield_seconds": 0.2}
    talks = Talks(host_of(script(sentences=SENTENCES, transcribe={"steps": {"2": hang}}), **limits), audio)
    hanging = talks.start("hanging", Priority("a", 60))
    await talks.begun("hanging", 3)

    await asyncio.wait_for(talks.start("other", Priority("b", 60)), LONG)

    with pytest.raises(EngineError) as raised:
        await hanging
    assert (raised.value.code, raised.value.retry) == ("engine_died", True)
    await talks.host.close()


async def test_closing_ends_everybody(script: Script, audio: Path) -> None:
    talks = Talks(host_of(script(sentences=TEN, transcribe={"delay": 0.2})), audio)
    tasks = [talks.start(name, Priority(name, 60)) for name in "abc"]
    await talks.begun("a")

    await talks.host.close()

    errors = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 2.0)
    assert {error.code for error in errors if isinstance(error, EngineError)} == {"engine_died"}
    assert len(errors) == 3
