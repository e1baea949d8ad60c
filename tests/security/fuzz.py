"""Fuzzing of the parsers that untrusted input reaches: valid input, mutated reproducibly from a seed.

The test suite sends a fixed number of inputs; `python -m benchmarks fuzz` runs for a given time.
A new parser gets an entry in `PARSERS`.
"""

import asyncio
import base64
import json
import re
import socket
import struct
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from backend.database import new_id
from backend.errors import AppError
from backend.recordings import tus
from backend.recordings.files import Storage
from backend.recordings.multipart import receive_form

#: Pieces that often break parsers, inserted anywhere.
_PIECES = [
    b"\r\n",
    b"\n",
    b"\r",
    b"--x",
    b"--x--",
    b"\r\n--x\r\n",
    b'Content-Disposition: form-data; name="file"; filename="a.wav"\r\n',
    b"Content-Disposition: form-data; name*=UTF-8''%FF; filename*=x''%\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Length: -1\r\n",
    b": \r\n",
    b"\0",
    b"\xff" * 4,
    b"\xf0\x9f\x98\x80",
    b'"',
    b";" * 50,
    b"A" * 5000,
    b"{",
    b"[" * 500,
    b"1e999",
    b"\\ud800",
    b"null",
]
_FORM = (
    b'--x\r\nContent-Disposition: form-data; name="speakers"\r\n\r\n2-5\r\n'
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="\xe5\x91\xa8\xe4\xbc\x9a.wav"\r\n'
    b"Content-Type: audio/wav\r\n\r\nRIFF....WAVE\r\n--x--\r\n"
)
#: Valid tus headers, and the functions that parse them.
_HEADERS: list[tuple[bytes, Callable[[str | None], object]]] = [
    (b"1.0.0", tus.check_version),
    (tus.CHUNK.encode(), tus.check_chunk),
    (b"1048576", partial(tus.read_number, "Upload-Offset")),
    (b"filename 5ZGo5LyaLndhdg==,is_confidential,filetype YXVkaW8vd2F2", tus.read_metadata),
    (b"sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", tus.read_checksum),
]


def mutated(rng: Random, whole: bytes) -> bytes:
    """`whole` with random deletions, duplications, bit flips and insertions."""
    data = bytearray(whole)
    for _ in range(rng.randint(0, 6)):
        at, end = sorted(rng.randint(0, len(data)) for _ in range(2))
        kind = rng.randrange(6)
        if kind == 0:
            del data[at : at + rng.randint(1, 40)]
        elif kind == 1:
            data[at:at] = data[at:end]
        elif kind == 2 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 3:
            del data[at:]
        else:
            data[at:at] = rng.choice(_PIECES)
    return bytes(data)


def split(rng: Random, data: bytes) -> list[bytes]:
    """The same bytes in random chunks, as a network may deliver them."""
    ends = sorted({0, len(data), *(rng.randint(0, len(data)) for _ in range(rng.randint(0, 8)))})
    return [data[begin:end] for begin, end in pairwise(ends)]


async def send_form(rng: Random, folder: Path, _port: int) -> None:
    """Receive a form: it is accepted or refused with an error code, and a refused one leaves no files."""
    storage, id = Storage(folder), new_id()
    kind = "multipart/form-data; boundary=x"
    if rng.random() < 0.1:
        kind = mutated(rng, kind.encode()).decode("latin-1")
    chunks = split(rng, mutated(rng, _FORM))

    async def stream() -> object:
        for chunk in chunks:
            yield chunk

    length = rng.choice([None, None, sum(map(len, chunks)), 0, 1 << 40])
    try:
        await receive_form(
            stream(),  # type: ignore[arg-type]
            kind,
            length,
            storage=storage,
            recording_id=id,
            max_bytes=rng.choice([1, 10, 1 << 20]),
            reserve_bytes=0,
        )
    except AppError:
        remaining = [path for path in storage.folder(id).rglob("*") if path.is_file()]
        assert remaining == [], remaining
    await storage.delete(id)


async def read_headers(rng: Random, _folder: Path, _port: int) -> None:
    """Parse the headers of a tus request: each is refused or gives the right value."""
    for whole, read in _HEADERS:
        text = None if rng.random() < 0.05 else mutated(rng, whole).decode("latin-1")
        try:
            found = read(text)
        except AppError:
            continue
        if isinstance(found, int):
            assert text == str(found).rjust(len(text or ""), "0"), (text, found)
        elif isinstance(found, tus.Checksum):
            assert len(found.digest) == tus.ALGORITHMS[found.algorithm], (text, found)
        elif isinstance(found, dict):
            assert all(re.fullmatch("[!-~]+", key) for key in found), (text, found)
        else:  # otherwise the header is unchanged, or an optional one is missing
            assert text == (None if read == tus.read_checksum else whole.decode()), text


async def talk_to_socket(rng: Random, _folder: Path, port: int) -> None:
    """Open a WebSocket, send a malformed first message, and wait until the server closes it."""
    first = mutated(rng, json.dumps({"ticket": "x" * 43, "token": "a.b.c"}).encode())
    data = b"".join(_frame(rng, part) for part in split(rng, first))
    if rng.random() < 0.5:
        data = mutated(rng, data)
    await asyncio.to_thread(_talk, port, data)


def _frame(rng: Random, data: bytes) -> bytes:
    """A WebSocket frame that is mostly valid."""
    opcode = rng.choice([1, 1, 1, 1, 0, 2, 8, 9, 10, 3, 15]) | rng.choice([0x80, 0x80, 0x80, 0, 0x40])
    mask = rng.randbytes(4)
    length = rng.choice([len(data)] * 8 + [0, len(data) + 1, 1 << 17])
    size = (
        bytes([0x80 | length])
        if length < 126
        else b"\xfe" + struct.pack(">H", length)
        if length < 1 << 16
        else b"\xff" + struct.pack(">Q", length)
    )
    return bytes([opcode]) + size + mask + bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))


def _talk(port: int, data: bytes) -> None:
    key = base64.b64encode(bytes(16)).decode()
    upgrade = f"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(f"GET /api/events HTTP/1.1\r\nHost: x\r\n{upgrade}\r\n".encode())
        assert line.recv(4096).startswith(b"HTTP/1.1 101")
        try:
            line.sendall(data)
            line.shutdown(socket.SHUT_WR)
            while line.recv(65536):
                pass
        except ConnectionError:
            pass  # the server closed the connection first


#: Each sends one malformed input, and raises if the result is not as it should be.
PARSERS: dict[str, Callable[[Random, Path, int], Awaitable[None]]] = {
    "form": send_form,
    "tus": read_headers,
    "socket": talk_to_socket,
}


async def fuzz(parser: str, seeds: Sequence[int], port: int) -> None:
    """Send one malformed input per seed. An error names the seed that reproduces it."""
    with TemporaryDirectory() as folder:
        for seed in seeds:
            try:
                await PARSERS[parser](Random(f"{parser} {seed}"), Path(folder), port)
            except Exception as error:
                raise AssertionError(f"the parser {parser} failed with seed {seed}") from error
