"""Broken forms, headers and messages for the parsers reachable without a login, and how long they block the loop."""

import asyncio
import itertools
import logging
import random
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from rich.console import Console

from benchmarks.machine import describe
from tests.security.fuzz import PARSERS
from tests.serving import Server

#: Seconds the event loop may be blocked.
LAG_LIMIT = 0.100
_TICK = 0.005


def run(seconds: float) -> int:
    """Print the figures of each parser; returns 1 if one crashed or blocked the loop for too long."""
    console = Console()
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    console.print(describe(), highlight=False)
    bad = False
    with TemporaryDirectory() as folder:
        server = Server(Path(folder))
        server.start()
        try:
            for parser in PARSERS:
                count, crashes, lags = asyncio.run(_fuzz(parser, seconds, server, Path(folder) / "uploads"))
                worst, p99 = max(lags), sorted(lags)[int(len(lags) * 0.99)]
                bad = bad or bool(crashes) or worst > LAG_LIMIT
                console.print(
                    f"{parser}: {count} pieces of nonsense in {seconds:.0f} s, {len(crashes)} crashes {crashes[:5]}; "
                    f"held up p99 {p99 * 1000:.1f} ms, at most {worst * 1000:.1f} ms (limit {LAG_LIMIT * 1000:.0f} ms)",
                    highlight=False,
                )
        finally:
            server.close()
    return int(bad)


async def _fuzz(parser: str, seconds: float, server: Server, folder: Path) -> tuple[int, list[str], list[float]]:
    crashes: list[str] = []
    lags: list[float] = []
    until = time.monotonic() + seconds
    # Forms and headers are parsed in this process, so its loop is watched; sockets by the server, so that is polled.
    watch = asyncio.create_task(_watch_server(server, lags) if parser == "socket" else _watch_loop(lags))
    count = 0
    for count in itertools.count(1):
        try:
            await PARSERS[parser](random.Random(f"{parser} {time.time_ns()} {count}"), folder, server.port)
        except Exception as error:
            crashes.append(f"{count}: {error!r}")
        if time.monotonic() > until:
            break
        await asyncio.sleep(0)  # parsing headers never awaits; let the watcher run
    watch.cancel()
    await asyncio.gather(watch, return_exceptions=True)
    return count, crashes, lags


async def _watch_loop(lags: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(_TICK)
        lags.append(time.perf_counter() - began - _TICK)


async def _watch_server(server: Server, lags: list[float]) -> None:
    async with httpx.AsyncClient(base_url=server.client.base_url) as client:
        while True:
            began = time.perf_counter()
            (await client.get("/health")).raise_for_status()
            lags.append(time.perf_counter() - began)
            await asyncio.sleep(_TICK)
