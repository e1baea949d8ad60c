"""Many WebSockets on one server: how late a change reaches each of them, and whether one is missed."""

import asyncio
import json
import resource
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from websockets.asyncio.client import ClientConnection, connect

from backend.ffmpeg import ffmpeg_path
from benchmarks.machine import describe

LIMIT_MS = 250.0


def run(sockets: int, changes: int) -> int:
    """Print the figures; returns 1 if the limit is exceeded or a socket has missed a change."""
    from tests.serving import Server

    console = Console()
    console.print(describe(), highlight=False)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "script.json").write_text(json.dumps({"transcribe": {"steps": {"0": {"hang": True}}}}))
        server = Server(
            folder, SCRIPT=f"{folder}/script.json", SOCKETS_PER_USER=str(sockets), JOB_QUEUE_MAX_CONCURRENT="1"
        )
        try:
            server.start()
            _, waiting = _two_jobs(server, folder)
            token = server.client.headers["Authorization"].removeprefix("Bearer ")
            lags, gaps = asyncio.run(_measure(str(server.client.base_url), token, waiting, sockets, changes))
        finally:
            server.close()
    p99 = sorted(lags)[int(len(lags) * 0.99)]
    summary = f"p50 {statistics.median(lags):.0f} ms, p99 {p99:.0f} ms, most {max(lags):.0f} ms (limit of p99 250 ms)"
    console.print(f"{sockets} sockets, {changes} changes each: {summary}; missed: {gaps}", highlight=False)
    return 0 if p99 <= LIMIT_MS and gaps == 0 else 1


def _two_jobs(server: Any, folder: Path) -> tuple[str, str]:
    """One job that never ends, and one that waits behind it."""
    from tests.serving import until

    recording = folder / "tone.wav"
    tone = ["-f", "lavfi", "-i", "sine=frequency=300:duration=5", "-ar", "16000", str(recording)]
    subprocess.run([ffmpeg_path(), "-v", "error", *tone], check=True)
    running, waiting = (server.upload(recording)[1] for _ in range(2))
    until(lambda: server.job(running)["stage"] == "transcribe")
    return running, waiting


async def _measure(base: str, token: str, job: str, count: int, changes: int) -> tuple[list[float], int]:
    address = base.replace("http", "ws").rstrip("/") + "/api/events"
    sockets = []
    for start in range(0, count, 50):
        sockets += await asyncio.gather(*(_open(address, token) for _ in range(start, min(start + 50, count))))
    asked: list[float] = []
    heard: list[list[tuple[str, float]]] = [[] for _ in sockets]
    listening = [
        asyncio.create_task(_listen(socket, job, summary)) for socket, summary in zip(sockets, heard, strict=True)
    ]
    expected = [("cancelled", "queued")[number % 2] for number in range(changes)]
    async with httpx.AsyncClient(base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        for number, status in enumerate(expected, 1):
            asked.append(time.perf_counter())
            answer = await client.post(f"/api/jobs/{job}/{'cancel' if status == 'cancelled' else 'retry'}")
            answer.raise_for_status()
            deadline = time.monotonic() + 10
            while any(len(summary) < number for summary in heard) and time.monotonic() < deadline:
                await asyncio.sleep(0.005)
            await asyncio.sleep(0.2)  # so that the next change is not merged with this one
    for task in listening:
        task.cancel()
    await asyncio.gather(*listening, return_exceptions=True)
    await asyncio.gather(*(socket.close() for socket in sockets))
    gaps = sum([status for status, _ in summary] != expected for summary in heard)
    lags = [(when - asked[place]) * 1000 for summary in heard for place, (_, when) in enumerate(summary[:changes])]
    return lags, gaps


async def _open(address: str, token: str) -> ClientConnection:
    socket = await connect(address, compression=None, open_timeout=60, ping_interval=None)
    await socket.send(json.dumps({"token": token}))
    assert json.loads(await socket.recv())["type"] == "snapshot"
    return socket


async def _listen(socket: ClientConnection, job: str, summary: list[tuple[str, float]]) -> None:
    async for message in socket:
        when = time.perf_counter()
        change = json.loads(message)
        if change["job"]["id"] == job:
            summary.append((change["job"]["status"], when))
