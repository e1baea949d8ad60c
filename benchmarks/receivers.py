"""What an upload is compared with, each a server of its own: `python -m benchmarks.receivers KIND PATH --port PORT`."""

import hashlib
import os
import shutil
import socket
import sys
from pathlib import Path

_PIECE = 1 << 20


def main(kind: str, target: Path, port: int) -> None:
    """`plain` is what everybody writes first; `safe` promises what we promise; `bare` does nothing beside it."""
    if kind == "bare":
        _serve_bare(target, port)
    else:
        _serve_form(target, port, safe=kind == "safe")


def _serve_form(target: Path, port: int, *, safe: bool) -> None:
    """An UploadFile, copied to where it belongs."""
    import uvicorn
    from fastapi import FastAPI, UploadFile

    app = FastAPI()

    @app.get("/health")
    async def health() -> str:
        return "ok"

    @app.post("/upload")
    async def upload(file: UploadFile) -> str:
        digest = hashlib.sha256()
        with target.open("wb") as copy:  # as everybody writes it
            if not safe:
                shutil.copyfileobj(file.file, copy)
            while chunk := file.file.read(_PIECE) if safe else b"":
                digest.update(chunk)
                copy.write(chunk)
            if safe:
                copy.flush()
                os.fsync(copy.fileno())
        return digest.hexdigest()

    uvicorn.run(app, port=port, log_level="warning")


def _serve_bare(target: Path, port: int) -> None:
    """The floor: one thread that receives into one buffer, writes, hashes and syncs. No framework, rows or users."""
    with socket.create_server(("127.0.0.1", port)) as door:
        while True:
            line, _ = door.accept()
            with line:
                _take(line, target)


def _take(line: socket.socket, target: Path) -> None:
    head = b""
    while b"\r\n\r\n" not in head:
        if not (piece := line.recv(1 << 16)):
            return
        head += piece
    head, _, first = head.partition(b"\r\n\r\n")
    sizes = [int(row.partition(b":")[2]) for row in head.lower().split(b"\r\n") if row.startswith(b"content-length:")]
    left = sum(sizes) - len(first)
    digest = hashlib.sha256(first)
    room = memoryview(bytearray(_PIECE))
    if sizes:
        with target.open("wb", buffering=0) as file:
            file.write(first)
            while left > 0 and (count := line.recv_into(room)):
                file.write(room[:count])
                digest.update(room[:count])
                left -= count
            os.fsync(file.fileno())
    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 64\r\nConnection: close\r\n\r\n" + digest.hexdigest().encode())


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[-1]))
