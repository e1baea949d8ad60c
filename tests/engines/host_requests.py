"""Requests for engine hosts, and helpers that wait for a condition."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from backend.engines.host import EngineHost

SENTENCES = [{"start": float(k), "end": k + 0.5, "text": f"第{k}句。"} for k in range(4)]
#: Only a test that hangs takes this many seconds.
LONG = 20.0

MakeHost = Callable[..., EngineHost]
Script = Callable[..., Path]


def request_for(audio: Path, name: str = "sentences.json") -> dict[str, Any]:
    options: dict[str, Any] = {"language": "zh", "hotwords": [], "checkpoint_file": None}
    return {"audio": str(audio), "result": str(audio.with_name(name)), "options": options}


async def until(fact: Callable[[], bool]) -> None:
    async def wait() -> None:
        while not fact():
            await asyncio.sleep(0.01)

    await asyncio.wait_for(wait(), LONG)


def gone(pid: int) -> bool:
    """Whether the process has ended and was reaped."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_DEAD
    except psutil.NoSuchProcess:
        return True
