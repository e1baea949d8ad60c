"""Reverse proxies for tests: a real nginx, and one that removes a prefix from paths and says so."""

import asyncio
import shutil
import socket
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.serving import until


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def nginx(folder: Path, port: int, http: str) -> Iterator[None]:
    """Run nginx with these lines in its http block until it listens on `port`; skip the test where there is none."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(program).exists():
        pytest.skip("no nginx on this machine: apt install nginx-light")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    whole = f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
    (folder / "nginx.conf").write_text(f"{whole}http {{ access_log off; {temporary}\n{http} }}", encoding="utf-8")
    command = [program, "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    tested = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stderr
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    until(lambda: _listens(port))
    yield
    process.terminate()
    process.wait(10)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
        return True
    return False


@contextmanager
def prefix_removing_proxy(prefix: str, upstream: int) -> Iterator[int]:
    """A proxy that passes /asr/x on as /x with X-Forwarded-Prefix: /asr, one request a connection; yields its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = listener.accept()
                threading.Thread(target=_serve, args=(client, prefix, upstream), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield int(listener.getsockname()[1])
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def _serve(client: socket.socket, prefix: str, upstream: int) -> None:
    with client, suppress(OSError):
        received = b""
        while b"\r\n\r\n" not in received:
            if not (part := client.recv(65536)):
                return
            received += part
        head, _, body = received.partition(b"\r\n\r\n")
        first, *headers = head.decode("latin-1").split("\r\n")
        method, path, version = first.split(" ")
        if not path.startswith(f"{prefix}/"):
            client.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        upgrades = any(line.lower().startswith("upgrade:") for line in headers)
        kept = [line for line in headers if upgrades or not line.lower().startswith("connection:")]
        added = [f"X-Forwarded-Prefix: {prefix}", *([] if upgrades else ["Connection: close"])]
        with socket.create_connection(("127.0.0.1", upstream)) as server:
            lines = [f"{method} {path.removeprefix(prefix)} {version}", *kept, *added]
            server.sendall("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
            threading.Thread(target=_copy, args=(client, server), daemon=True).start()
            _copy(server, client)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while part := source.recv(65536):
            target.sendall(part)
        target.shutdown(socket.SHUT_WR)


class RoundRobin:
    """A TCP proxy on `port`: each connection goes to the next of `ports` that accepts it. Connections are counted in
    `connections`, by port."""

    def __init__(self, ports: list[int]) -> None:
        self.ports = ports
        self.connections: Counter[int] = Counter()
        self._next = 0
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="round robin")

    def __enter__(self) -> "RoundRobin":
        self._thread.start()
        assert self._started.wait(30)
        return self

    def __exit__(self, *_error: object) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(30)

    async def _run(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = int(server.sockets[0].getsockname()[1])
        self._started.set()
        await self._stopping.wait()
        server.close()
        open_connections = asyncio.all_tasks() - {asyncio.current_task()}
        for task in open_connections:
            task.cancel()
        await asyncio.gather(*open_connections, return_exceptions=True)
        await asyncio.sleep(0)  # the transports close

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers = [writer]
        try:
            for _ in self.ports:
                port = self.ports[self._next % len(self.ports)]
                self._next += 1
                with suppress(OSError):
                    answers, requests = await asyncio.open_connection("127.0.0.1", port)
                    writers.append(requests)
                    self.connections[port] += 1
                    await asyncio.gather(_forward(reader, requests), _forward(answers, writer))
                    return
        finally:
            for one in writers:
                one.close()


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
