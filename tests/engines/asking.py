"""What a host is asked, and how to wait for what comes of it."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from backend.engines.host import Host

SENTENCES = [{"start": float(k), "end": k + 0.5, "text": f"第{k}句。"} for k in range(4)]
#: Nothing here takes that long, unless it hangs.
LONG = 20.0

MakeHost = Callable[..., Host]
Script = Callable[..., Path]


def request_for(audio: Path, name: str = "sentences.json") -> dict[str, Any]:
    options: dict[str, Any] = {"language": "zh", "hotwords": [], "finished": None}
    return {"audio": str(audio), "result": str(audio.with_name(name)), "options": options}


async def until(fact: Callable[[], bool]) -> None:
    async def wait() -> None:
        while not fact():
            await asyncio.sleep(0.01)

    await asyncio.wait_for(wait(), LONG)


def gone(pid: int) -> bool:
    """Neither running nor waiting to be buried."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_DEAD
    except psutil.NoSuchProcess:
        return True
