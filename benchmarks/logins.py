"""A flood of sign-ins: p99 of GET /health while 200 at once, each from its own address, guess a password."""

import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
from rich.console import Console

from backend.settings import ROOT
from benchmarks.machine import describe
from benchmarks.server import _free_port, _wait_until_up

#: Limit of the p99 of GET /health in seconds.
HEALTH_LIMIT = 0.250
_AT_ONCE = 200


def run(rounds: int) -> int:
    """Print the figures; returns 1 if the limit is exceeded."""
    console = Console()
    console.print(describe(), highlight=False)
    with tempfile.TemporaryDirectory() as folder:
        env = {
            **os.environ,
            "SECRET_KEY": secrets.token_urlsafe(48),
            "DATABASE_URL": f"sqlite:///{folder}/bench.db",
            "UPLOADS_DIR": f"{folder}/uploads",
            "LOG_LEVEL": "WARNING",
            "DEMO": "true",
        }
        port = _free_port()
        server = subprocess.Popen([sys.executable, "-m", "backend", "serve", "--port", str(port)], env=env, cwd=ROOT)
        try:
            _wait_until_up(f"http://127.0.0.1:{port}")
            before = psutil.Process(server.pid).memory_info().rss
            seconds, answers = _flood(f"http://127.0.0.1:{port}", rounds)
            grown = psutil.Process(server.pid).memory_info().rss - before
        finally:
            server.terminate()
            server.wait(30)
    p99 = sorted(seconds)[int(len(seconds) * 0.99)]
    summary = ", ".join(f"{number} × {status}" for status, number in sorted(answers.items()))
    console.print(f"{_AT_ONCE} sign-ins at once, {rounds} times: {summary}", highlight=False)
    console.print(
        f"GET /health meanwhile ({len(seconds)}): p50 {statistics.median(seconds) * 1000:.1f} ms, "
        f"p99 {p99 * 1000:.1f} ms (limit {HEALTH_LIMIT * 1000:.0f} ms); memory grew by {grown / 2**20:.0f} MiB",
        highlight=False,
    )
    return 0 if p99 <= HEALTH_LIMIT else 1


def _flood(url: str, rounds: int) -> tuple[list[float], Counter[int]]:
    seconds: list[float] = []
    finished = threading.Event()

    def watch() -> None:
        with httpx.Client(base_url=url) as client:
            while not finished.is_set():
                started = time.perf_counter()
                client.get("/health").raise_for_status()
                seconds.append(time.perf_counter() - started)
                time.sleep(0.005)

    def guess(number: int) -> int:
        # From a trusted proxy, so that the throttle sees many addresses, as in a flood from everywhere.
        address = {"X-Forwarded-For": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"}
        form = {"username": f"name {number}", "password": "a wrong guess"}
        return client.post("/api/auth/login", data=form, headers=address).status_code

    watcher = threading.Thread(target=watch)
    limits = httpx.Limits(max_connections=_AT_ONCE)
    with httpx.Client(base_url=url, timeout=60, limits=limits) as client, ThreadPoolExecutor(_AT_ONCE) as pool:
        watcher.start()
        numbers = (range(start * _AT_ONCE, (start + 1) * _AT_ONCE) for start in range(rounds))
        answers = Counter(status for some in numbers for status in pool.map(guess, some))
    finished.set()
    watcher.join()
    return seconds, answers
