"""Servers that an upload is compared with: `python -m benchmarks.upload_baselines KIND PATH --port PORT`."""

import hashlib
import os
import shutil
import socket
import sys
from pathlib import Path

_CHUNK = 1 << 20


def main(kind: str, target: Path, port: int) -> None:
    """`plain` is the usual first version, `safe` also hashes and syncs as ours does, `bare` needs no framework."""
    if kind == "bare":
        _serve_bare(target, port)
    else:
        _serve_form(target, port, safe=kind == "safe")


def _serve_form(target: Path, port: int, *, safe: bool) -> None:
    """Copies an UploadFile to its place."""
    import uvicorn
    from fastapi import FastAPI, UploadFile

    app = FastAPI()

    @app.get("/health")
    async def health() -> str:
        return "ok"

    @app.post("/upload")
    async def upload(file: UploadFile) -> str:
        digest = hashlib.sha256()
        with target.open("wb") as copy:  # blocking on purpose: this is the usual code
            if not safe:
                shutil.copyfileobj(file.file, copy)
            while chunk := file.file.read(_CHUNK) if safe else b"":
                digest.update(chunk)
                copy.write(chunk)
            if safe:
                copy.flush()
                os.fsync(copy.fileno())
        return digest.hexdigest()

    uvicorn.run(app, port=port, log_level="warning")


def _serve_bare(target: Path, port: int) -> None:
    """The lower bound: one thread receives into one buffer, writes, hashes and syncs, without a framework."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        while True:
            connection, _ = listener.accept()
            with connection:
                _receive(connection, target)


def _receive(connection: socket.socket, target: Path) -> None:
    head = b""
    while b"\r\n\r\n" not in head:
        if not (chunk := connection.recv(1 << 16)):
            return
        head += chunk
    head, _, first = head.partition(b"\r\n\r\n")
    sizes = [int(row.partition(b":")[2]) for row in head.lower().split(b"\r\n") if row.startswith(b"content-length:")]
    left = sum(sizes) - len(first)
    digest = hashlib.sha256(first)
    buffer = memoryview(bytearray(_CHUNK))
    if sizes:
        with target.open("wb", buffering=0) as file:
            file.write(first)
            while left > 0 and (count := connection.recv_into(buffer)):
                file.write(buffer[:count])
                digest.update(buffer[:count])
                left -= count
            os.fsync(file.fileno())
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Length: 64\r\nConnection: close\r\n\r\n" + digest.hexdigest().encode()
    )


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[-1]))
