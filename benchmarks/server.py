"""The event loop while a job runs: p99 of GET /health, idle and busy alternating on one running server."""

import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from rich.console import Console

from backend.settings import ROOT
from benchmarks.machine import describe

#: Limit of the p99 while a job runs, as a multiple of the idle p99.
HEALTH_LIMIT = 3.0
_PASSWORD = "benchmark " + secrets.token_urlsafe(12)
_ROUNDS = 5


def run(shared: Path, requests: int) -> int:
    """Print the figures; returns 1 if a limit is exceeded."""
    console = Console()
    console.print(describe(), highlight=False)
    with tempfile.TemporaryDirectory() as folder:
        env = {
            **os.environ,
            "SECRET_KEY": secrets.token_urlsafe(48),
            "DATABASE_URL": f"sqlite:///{folder}/bench.db",
            "UPLOADS_DIR": f"{folder}/uploads",
            "LOG_LEVEL": "WARNING",
        }
        subprocess.run(
            [sys.executable, "create_super_admin.py", "--username", "bench", "--password-stdin"],
            input=_PASSWORD, text=True, env=env, cwd=ROOT, check=True, capture_output=True,
        )  # fmt: skip
        starts = [_first_answer(env) for _ in range(3)]
        console.print(f"start to first 200 on /health: median {statistics.median(starts):.2f} s of 3 (limit 1.5 s)")
        port = _free_port()
        server = subprocess.Popen([sys.executable, "-m", "backend", "serve", "--port", str(port)], env=env, cwd=ROOT)
        try:
            idle, busy = _health(f"http://127.0.0.1:{port}", shared, requests)
        finally:
            server.terminate()
            server.wait(30)
    p50 = [statistics.median(side) * 1000 for side in (idle, busy)]
    p99 = [sorted(side)[int(len(side) * 0.99)] * 1000 for side in (idle, busy)]
    ratio = p99[1] / p99[0]
    console.print(f"GET /health idle: p50 {p50[0]:.2f} ms, p99 {p99[0]:.2f} ms", highlight=False)
    console.print(f"GET /health while a job runs: p50 {p50[1]:.2f} ms, p99 {p99[1]:.2f} ms", highlight=False)
    console.print(f"ratio of p99: {ratio:.2f} (limit {HEALTH_LIMIT})", highlight=False)
    return 0 if ratio <= HEALTH_LIMIT and statistics.median(starts) <= 1.5 else 1


def _first_answer(env: dict[str, str]) -> float:
    port = _free_port()
    started = time.perf_counter()
    server = subprocess.Popen([sys.executable, "-m", "backend", "serve", "--port", str(port)], env=env, cwd=ROOT)
    try:
        _wait_until_up(f"http://127.0.0.1:{port}")
        return time.perf_counter() - started
    finally:
        server.terminate()
        server.wait(30)


def _health(url: str, shared: Path, requests: int) -> tuple[list[float], list[float]]:
    _wait_until_up(url)
    with httpx.Client(base_url=url) as client:
        login = client.post("/api/auth/login", data={"username": "bench", "password": _PASSWORD})
        client.headers["Authorization"] = f"Bearer {login.raise_for_status().json()['access_token']}"
        idle: list[float] = []
        busy: list[float] = []
        for _ in range(_ROUNDS):
            idle += _sample(client, requests // _ROUNDS)
            recording = shared / "audio" / "meetings" / "two-minutes.flac"
            with recording.open("rb") as file:
                job = (
                    client.post("/api/recordings", data={"allow_duplicate": "true"}, files={"file": file}, timeout=60)
                    .raise_for_status()
                    .json()["job"]
                )
            while (state := client.get(f"/api/jobs/{job['id']}").json())["stage"] != "transcribe":
                if state["status"] in ("done", "failed"):
                    raise SystemExit(f"the job ended before it could be measured: {state['error']}")
                time.sleep(0.05)
            busy += _sample(client, requests // _ROUNDS)
            while client.get(f"/api/jobs/{job['id']}").json()["status"] in ("queued", "running"):
                time.sleep(0.2)
    return idle, busy


def _sample(client: httpx.Client, requests: int) -> list[float]:
    seconds = []
    for _ in range(requests):
        started = time.perf_counter()
        client.get("/health").raise_for_status()
        seconds.append(time.perf_counter() - started)
        time.sleep(0.005)
    return seconds


def _wait_until_up(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/health", timeout=1).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.01)
    raise SystemExit("the server did not answer within a minute")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
