"""An upload over tus compared with Starlette's UploadFile in one run: MB/s, CPU of the server, memory."""

import base64
import http.client
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from rich.console import Console
from rich.table import Table

from backend.settings import ROOT
from benchmarks.machine import describe
from benchmarks.server import _free_port, _wait_until_up

#: The limits: throughput and CPU, as multiples of UploadFile's.
FASTER, CHEAPER = 2.5, 0.4
#: How much the server may grow while it receives a file of any size.
GROWTH_MB = 64.0
_PASSWORD = "benchmark " + secrets.token_urlsafe(12)
_BOUNDARY = b"benchmark"
_BLOCK = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Figures:
    """The measurements of one upload."""

    mb_per_second: float
    cpu_seconds_per_gb: float
    grown_mb: float  #: peak resident memory minus the memory before


def run(rounds: int, megabytes: int, large: int) -> int:
    """Print the figures; returns 1 if a limit is exceeded."""
    console = Console()
    console.print(describe(), highlight=False)
    with tempfile.TemporaryDirectory(dir=ROOT) as folder_name:
        folder = Path(folder_name)
        with (
            _ours(folder) as ours,
            _theirs("plain", folder) as plain,
            _theirs("safe", folder) as safe,
            _theirs("bare", folder) as bare,
        ):
            servers = {
                "tus, sha256, fsync": ours,
                "UploadFile, copy": plain,
                "UploadFile, copy, sha256, fsync": safe,
                "lower bound: recv, write, sha256, fsync": bare,
            }
            sides: dict[str, list[Figures]] = {name: [] for name in servers}
            file = _file(folder, megabytes)
            for _ in range(rounds):
                for name, server in servers.items():
                    sides[name].append(server.send_file(file))
            huge = ours.send_file(_file(folder, large)) if large else None
    table = Table(
        "", "MB/s", "CPU s/GB", "memory grew by MB", title=f"{megabytes} MB, median (least, most) of {rounds}"
    )
    for name, figures in sides.items():
        table.add_row(name, *(_summary([getattr(one, field) for one in figures]) for field in Figures.__slots__))
    console.print(table)
    our_figures, upload_file_figures, safe_figures, floor = sides.values()
    faster, cheaper = _ratios(our_figures, upload_file_figures)
    console.print(f"throughput {faster:.2f} × (limit {FASTER}), CPU {cheaper:.2f} × (limit {CHEAPER})", highlight=False)
    for name, those, these in (
        ("compared with UploadFile with sha256 and fsync", our_figures, safe_figures),
        ("compared with the lower bound", our_figures, floor),
        ("the lower bound compared with UploadFile", floor, upload_file_figures),
    ):
        console.print(f"{name}: " + "{:.2f} ×, {:.2f} ×".format(*_ratios(those, these)), highlight=False)
    if huge:
        console.print(
            f"{large} MB: {huge.mb_per_second:.0f} MB/s, {huge.cpu_seconds_per_gb:.2f} CPU s/GB, "
            f"memory grew by {huge.grown_mb:.0f} MB (limit {GROWTH_MB:.0f})",
            highlight=False,
        )
    flat = max(one.grown_mb for one in (*our_figures, *([huge] if huge else []))) <= GROWTH_MB
    return 0 if faster >= FASTER and cheaper <= CHEAPER and flat else 1


def _ratios(our_figures: list[Figures], upload_file_figures: list[Figures]) -> tuple[float, float]:
    """Median ratios of throughput and CPU, round by round."""
    pairs = list(zip(our_figures, upload_file_figures, strict=True))
    return (
        statistics.median(a.mb_per_second / b.mb_per_second for a, b in pairs),
        statistics.median(a.cpu_seconds_per_gb / b.cpu_seconds_per_gb for a, b in pairs),
    )


class _Server:
    """A server in its own process; `send_file` sends it a file and measures it."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int, headers: dict[str, str]) -> None:
        self.port = port
        self.headers = headers
        self._process = psutil.Process(process.pid)

    def request(self, size: int) -> tuple[str, str, dict[str, str]]:
        """Method, path and headers of the request with the file."""
        raise NotImplementedError

    def multipart_ends(self) -> tuple[bytes, bytes]:
        return b"", b""

    def clear(self) -> None:
        """Delete the uploaded file."""

    def send_file(self, file: Path) -> Figures:
        size = file.stat().st_size
        method, path, headers = self.request(size)
        before, after = self.multipart_ends()
        headers = {**headers, "Content-Length": str(len(before) + size + len(after))}
        head = "".join(f"{name}: {value}\r\n" for name, value in {"Host": "127.0.0.1", **headers}.items())
        os.sync()  # so that pending writes of the previous server do not count
        cpu, memory = self._cpu(), self._process.memory_info().rss
        with (
            self._peak() as peak,
            socket.create_connection(("127.0.0.1", self.port)) as connection,
            file.open("rb") as content,
        ):
            started = time.perf_counter()
            connection.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + before)
            connection.sendfile(content)
            connection.sendall(after)
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            seconds = time.perf_counter() - started
            if answer.status not in (200, 204):
                raise SystemExit(f"{path}: {answer.status} {answer.read()!r}")
        figures = Figures(size / seconds / 1e6, (self._cpu() - cpu) / size * 1e9, (max(peak) - memory) / 1e6)
        self.clear()
        return figures

    def _cpu(self) -> float:
        times = self._process.cpu_times()
        return times.user + times.system

    @contextmanager
    def _peak(self) -> Iterator[list[int]]:
        finished, seen = threading.Event(), [self._process.memory_info().rss]

        def watch() -> None:
            while not finished.wait(0.02):
                seen.append(self._process.memory_info().rss)

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield seen
        finally:
            finished.set()
            thread.join()


class _TusServer(_Server):
    _place = ""

    def request(self, size: int) -> tuple[str, str, dict[str, str]]:
        name = base64.b64encode("会议.wav".encode()).decode()
        made = httpx.post(
            f"http://127.0.0.1:{self.port}/api/uploads",
            headers={**self.headers, "Upload-Length": str(size), "Upload-Metadata": f"filename {name}"},
        )
        self._place = made.raise_for_status().headers["Location"]
        headers = {**self.headers, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        return "PATCH", self._place, headers

    def clear(self) -> None:
        httpx.delete(f"http://127.0.0.1:{self.port}{self._place}", headers=self.headers).raise_for_status()


class _FormServer(_Server):
    def request(self, size: int) -> tuple[str, str, dict[str, str]]:
        return "POST", "/upload", {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY.decode()}"}

    def multipart_ends(self) -> tuple[bytes, bytes]:
        part = b'Content-Disposition: form-data; name="file"; filename="meeting.wav"\r\nContent-Type: audio/wav\r\n\r\n'
        return b"--" + _BOUNDARY + b"\r\n" + part, b"\r\n--" + _BOUNDARY + b"--\r\n"


class _RawServer(_Server):
    def request(self, size: int) -> tuple[str, str, dict[str, str]]:
        return "PUT", "/upload", {}


@contextmanager
def _ours(folder: Path) -> Iterator[_Server]:
    env = {
        **os.environ,
        "SECRET_KEY": secrets.token_urlsafe(48),
        "DATABASE_URL": f"sqlite:///{folder}/bench.db",
        "UPLOADS_DIR": f"{folder}/uploads",
        "LOG_LEVEL": "WARNING",
        "DEMO": "true",
    }
    subprocess.run(
        [sys.executable, "create_super_admin.py", "--username", "bench", "--password-stdin"],
        input=_PASSWORD, text=True, env=env, cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    with _serving(["-m", "backend", "serve"], env) as (process, port):
        form = {"username": "bench", "password": _PASSWORD}
        login = httpx.post(f"http://127.0.0.1:{port}/api/auth/login", data=form).raise_for_status().json()
        headers = {"Authorization": f"Bearer {login['access_token']}", "Tus-Resumable": "1.0.0"}
        yield _TusServer(process, port, headers)


@contextmanager
def _theirs(kind: str, folder: Path) -> Iterator[_Server]:
    command = ["-m", "benchmarks.upload_baselines", kind, str(folder / f"taken-{kind}.wav")]
    with _serving(command, {**os.environ, "TMPDIR": str(folder)}) as (process, port):
        yield (_RawServer if kind == "bare" else _FormServer)(process, port, {})


@contextmanager
def _serving(command: list[str], env: dict[str, str]) -> "Iterator[tuple[subprocess.Popen[bytes], int]]":
    port = _free_port()
    process = subprocess.Popen([sys.executable, *command, "--port", str(port)], env=env, cwd=ROOT)
    try:
        _wait_until_up(f"http://127.0.0.1:{port}")
        yield process, port
    finally:
        process.terminate()
        process.wait(30)


def _file(folder: Path, megabytes: int) -> Path:
    path = folder / f"{megabytes}.wav"
    block = secrets.token_bytes(_BLOCK)
    with path.open("wb") as file:
        for start in range(0, megabytes * 10**6, _BLOCK):
            file.write(block[: megabytes * 10**6 - start])
    return path


def _summary(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f}, {max(values):.2f})"
