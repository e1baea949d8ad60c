"""Nonsense for the parsers that strangers reach: well-formed things, broken in ways that repeat with their seed.

The suite sends a bounded number of them; `python -m benchmarks fuzz` goes on for as long as it is told.
A parser that is added gets an entry in `PARSERS`.
"""

import asyncio
import base64
import json
import random
import re
import socket
import struct
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from backend.database import new_id
from backend.errors import AppError
from backend.recordings import tus
from backend.recordings.files import Storage
from backend.recordings.intake import receive

Chance = random.Random

#: What parsers trip over, to be put in anywhere.
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
#: Headers of tus that are in order, and who reads them.
_HEADERS: list[tuple[bytes, Callable[[str | None], object]]] = [
    (b"1.0.0", tus.check_version),
    (tus.CHUNK.encode(), tus.check_chunk),
    (b"1048576", partial(tus.read_number, "Upload-Offset")),
    (b"filename 5ZGo5LyaLndhdg==,is_confidential,filetype YXVkaW8vd2F2", tus.read_metadata),
    (b"sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", tus.read_checksum),
]


def broken(chance: Chance, whole: bytes) -> bytes:
    """`whole` with a few things cut, doubled, flipped, moved or put in."""
    data = bytearray(whole)
    for _ in range(chance.randint(0, 6)):
        at, end = sorted(chance.randint(0, len(data)) for _ in range(2))
        way = chance.randrange(6)
        if way == 0:
            del data[at : at + chance.randint(1, 40)]
        elif way == 1:
            data[at:at] = data[at:end]
        elif way == 2 and at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        elif way == 3:
            del data[at:]
        else:
            data[at:at] = chance.choice(_PIECES)
    return bytes(data)


def cut(chance: Chance, data: bytes) -> list[bytes]:
    """The same bytes as they may come over a line."""
    ends = sorted({0, len(data), *(chance.randint(0, len(data)) for _ in range(chance.randint(0, 8)))})
    return [data[begin:end] for begin, end in pairwise(ends)]


async def send_form(chance: Chance, folder: Path, _port: int) -> None:
    """Let a form be received: it is taken or refused with a code, and what was refused leaves nothing."""
    storage, id = Storage(folder), new_id()
    kind = "multipart/form-data; boundary=x"
    if chance.random() < 0.1:
        kind = broken(chance, kind.encode()).decode("latin-1")
    chunks = cut(chance, broken(chance, _FORM))

    async def stream() -> object:
        for chunk in chunks:
            yield chunk

    length = chance.choice([None, None, sum(map(len, chunks)), 0, 1 << 40])
    try:
        await receive(
            stream(),  # type: ignore[arg-type]
            kind,
            length,
            storage=storage,
            recording_id=id,
            max_bytes=chance.choice([1, 10, 1 << 20]),
            reserve_bytes=0,
        )
    except AppError:
        left = [path for path in storage.folder(id).rglob("*") if path.is_file()]
        assert left == [], left
    await storage.delete(id)


async def read_headers(chance: Chance, _folder: Path, _port: int) -> None:
    """Read the headers of a tus request: each is a value or refused, and what looks like a value is one."""
    for whole, read in _HEADERS:
        text = None if chance.random() < 0.05 else broken(chance, whole).decode("latin-1")
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
        else:  # what is left is to be what it should be, or an optional header that is not there
            assert text == (None if read == tus.read_checksum else whole.decode()), text


async def talk_to_socket(chance: Chance, _folder: Path, port: int) -> None:
    """Upgrade to a WebSocket, say something broken, and wait until the server has hung up."""
    first = broken(chance, json.dumps({"ticket": "x" * 43, "token": "a.b.c"}).encode())
    said = b"".join(_frame(chance, part) for part in cut(chance, first))
    if chance.random() < 0.5:
        said = broken(chance, said)
    await asyncio.to_thread(_talk, port, said)


def _frame(chance: Chance, data: bytes) -> bytes:
    """A frame that is mostly as it should be."""
    opcode = chance.choice([1, 1, 1, 1, 0, 2, 8, 9, 10, 3, 15]) | chance.choice([0x80, 0x80, 0x80, 0, 0x40])
    mask = chance.randbytes(4)
    length = chance.choice([len(data)] * 8 + [0, len(data) + 1, 1 << 17])
    size = (
        bytes([0x80 | length])
        if length < 126
        else b"\xfe" + struct.pack(">H", length)
        if length < 1 << 16
        else b"\xff" + struct.pack(">Q", length)
    )
    return bytes([opcode]) + size + mask + bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))


def _talk(port: int, said: bytes) -> None:
    key = base64.b64encode(bytes(16)).decode()
    upgrade = f"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(f"GET /api/events HTTP/1.1\r\nHost: x\r\n{upgrade}\r\n".encode())
        assert line.recv(4096).startswith(b"HTTP/1.1 101")
        try:
            line.sendall(said)
            line.shutdown(socket.SHUT_WR)
            while line.recv(65536):
                pass
        except ConnectionError:
            pass  # it hung up while we spoke


#: Each sends one piece of nonsense, and raises where the answer is not a refusal.
PARSERS: dict[str, Callable[[Chance, Path, int], Awaitable[None]]] = {
    "form": send_form,
    "tus": read_headers,
    "socket": talk_to_socket,
}


async def fuzz(parser: str, seeds: Sequence[int], port: int) -> None:
    """One piece of nonsense for each seed; an error names the seed that makes it again."""
    with TemporaryDirectory() as folder:
        for seed in seeds:
            try:
                await PARSERS[parser](random.Random(f"{parser} {seed}"), Path(folder), port)
            except Exception as error:
                raise AssertionError(f"the parser {parser} stumbled over seed {seed}") from error
