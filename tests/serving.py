"""A real server in its own process, for tests that kill it, and a client for it."""

import asyncio
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import text

from backend.database import connect

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "a password of the tests"


def until(fact: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Call `fact` until it is true; fail with its last value after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (answer := fact()):
        assert time.monotonic() < deadline, f"still {answer!r} after {seconds} s"
        time.sleep(0.02)
    return answer


async def _rows(url: str, query: str) -> list[tuple[Any, ...]]:
    database = connect(url)
    try:
        async with database.read() as session:
            return [tuple(row) for row in await session.execute(text(query))]
    finally:
        await database.close()


class Server:
    """`start`, `kill` (SIGKILL) and `stop` (SIGTERM) it as often as needed. Rows and files stay in `folder`."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.env = {
            **{name: value for name, value in os.environ.items() if name not in ("DEMO", "SCRIPT", "CRASH_AT")},
            "SECRET_KEY": "a key for tests, and long enough for them",
            "DATABASE_URL": f"sqlite:///{folder}/server.db",
            "UPLOADS_DIR": f"{folder}/uploads",
            "DISK_RESERVE_BYTES": "0",
            "DEMO": "true",
            "ACCESS_TOKEN_EXPIRE_MINUTES": "1440",  # the client signs in only once
            **settings,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.log = folder / "server.log"
        self.client = httpx.Client(timeout=30)
        self.port = 0
        self.arguments: list[str] = []  #: further ones of `serve`

    def start(self, *, again: bool = False, **more: str) -> None:
        """Serve on a new port, or `again` on the last one. The first start creates the client's user and signs in."""
        if not again:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.port = int(probe.getsockname()[1])
        self._spawn(more)
        self.client.base_url = httpx.URL(f"http://127.0.0.1:{self.port}")
        until(self._answers, 180)  # on a busy machine; one that dies fails at once
        if "Authorization" not in self.client.headers:
            self.client.headers["Authorization"] = f"Bearer {self._sign_in()}"

    def start_to_die(self, **more: str) -> None:
        """Start with a CRASH_AT that kills the server before it answers."""
        self._spawn(more)
        self.wait_for_death()

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(30)

    def wait_for_death(self) -> None:
        """Wait until the server has killed itself at the point in CRASH_AT."""
        assert self.process is not None
        assert self.process.wait(60) == -signal.SIGKILL

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()
        self.client.close()

    def upload(self, recording: Path, **fields: str) -> tuple[str, str]:
        """Upload a recording; answers the ids of the recording and its job. Tests send one file many times."""
        form = {"allow_duplicate": "true", **fields}
        with recording.open("rb") as file:
            answer = self.client.post("/api/recordings", files={"file": (recording.name, file)}, data=form)
        assert answer.status_code == 201, answer.text
        created = answer.json()
        return created["recording"]["id"], created["job"]["id"]

    def job(self, id: str) -> dict[str, Any]:
        state: dict[str, Any] = self.client.get(f"/api/jobs/{id}").raise_for_status().json()
        return state

    def ended(self, id: str, seconds: float = 60.0) -> dict[str, Any]:
        """The job's state once it has ended."""
        open_statuses = ("queued", "running")
        state: dict[str, Any] = until(lambda: (job := self.job(id))["status"] not in open_statuses and job, seconds)
        return state

    def text(self, recording: str, format: str = "json") -> str:
        answer = self.client.get(f"/api/recordings/{recording}/export", params={"format": format})
        return answer.raise_for_status().text

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the database, also while the server is down."""
        if not self.env["DATABASE_URL"].startswith("sqlite"):
            return asyncio.run(_rows(self.env["DATABASE_URL"], query))
        with closing(sqlite3.connect(f"file:{self.folder}/server.db?mode=ro", uri=True)) as database:
            return database.execute(query).fetchall()

    def nothing_left_of(self, recording: str) -> bool:
        """Whether the recording has neither a folder nor mirrored files."""
        uploads = self.folder / "uploads"
        return not (uploads / recording).exists() and not list((uploads / "transcripts").glob(f"{recording}*"))

    def _spawn(self, more: dict[str, str]) -> None:
        command = [sys.executable, "-m", "backend", "serve", "--port", str(self.port), *self.arguments]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env={**self.env, **more}, cwd=ROOT, stdout=log, stderr=log)

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()[-4000:]
        try:
            return self.client.get("/health").status_code == 200
        except httpx.TransportError:
            return False

    def _sign_in(self) -> str:
        script = [sys.executable, "create_super_admin.py", "--username", "chief", "--password-stdin"]
        made = subprocess.run(
            script, input=PASSWORD, env=self.env, cwd=ROOT, text=True, capture_output=True, check=False
        )
        assert made.returncode == 0, made.stderr
        login = self.client.post("/api/auth/login", data={"username": "chief", "password": PASSWORD})
        return str(login.raise_for_status().json()["access_token"])
