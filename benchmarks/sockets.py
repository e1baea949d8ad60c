"""Many WebSockets on one server: how late a change reaches each of them, and whether one is missed."""

import asyncio
import json
import resource
import statistics
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from websockets.asyncio.client import ClientConnection, connect

from backend.ffmpeg import ffmpeg_path
from benchmarks.machine import describe

LIMIT_MS = 250.0


def run(sockets: int, changes: int, servers: int, kind: str) -> int:
    """Print the figures; returns 1 if the limit is exceeded or a socket has missed a change. The sockets are spread
    over the servers, and each server in turn makes a change."""
    from tests.databases import SQLITE, serve
    from tests.serving import Server

    console = Console()
    console.print(describe(), highlight=False)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings = {
            "SCRIPT": f"{folder}/script.json",
            "SOCKETS_PER_USER": str(sockets),
            "JOB_QUEUE_MAX_CONCURRENT": "1",
        }
        if kind != SQLITE:
            settings["DATABASE_URL"] = stack.enter_context(serve(kind)).create()
        (folder / "script.json").write_text(json.dumps({"transcribe": {"steps": {"0": {"hang": True}}}}))
        all_servers = [Server(folder, **settings) for _ in range(servers)]
        first = all_servers[0]
        for number, server in enumerate(all_servers):
            stack.callback(server.close)
            server.log = folder / f"{number}.log"
            server.client.headers.update(first.client.headers)
            server.start()
        _, waiting = _two_jobs(first, folder)
        token = first.client.headers["Authorization"].removeprefix("Bearer ")
        bases = [str(server.client.base_url) for server in all_servers]
        lags, gaps = asyncio.run(_measure(bases, token, waiting, sockets, changes))
    p99 = sorted(lags)[int(len(lags) * 0.99)]
    summary = f"p50 {statistics.median(lags):.0f} ms, p99 {p99:.0f} ms, most {max(lags):.0f} ms (limit of p99 250 ms)"
    where = f"{servers} servers on {kind}" if servers > 1 else kind
    told = f"{sockets} sockets, {changes} changes each, {where}: {summary}; missed or out of order: {gaps}"
    console.print(told, highlight=False)
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


async def _measure(bases: list[str], token: str, job: str, count: int, changes: int) -> tuple[list[float], int]:
    addresses = [base.replace("http", "ws").rstrip("/") + "/api/events" for base in bases]
    sockets = []
    for start in range(0, count, 50):
        some = range(start, min(start + 50, count))
        sockets += await asyncio.gather(*(_open(addresses[place % len(bases)], token) for place in some))
    asked: list[float] = []
    heard: list[list[tuple[str, float]]] = [[] for _ in sockets]
    listening = [
        asyncio.create_task(_listen(socket, job, summary)) for socket, summary in zip(sockets, heard, strict=True)
    ]
    expected = [("cancelled", "queued")[number % 2] for number in range(changes)]
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        for number, status in enumerate(expected, 1):
            asked.append(time.perf_counter())
            answer = await client.post(
                f"{bases[number % len(bases)]}/api/jobs/{job}/{'cancel' if status == 'cancelled' else 'retry'}"
            )
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
        if change["type"] == "job" and change["job"]["id"] == job:
            summary.append((change["job"]["status"], when))
