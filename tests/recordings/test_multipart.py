import asyncio
import hashlib
import itertools
import os
import random
import subprocess
import tempfile
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.errors import AppError
from backend.recordings.files import Storage
from backend.recordings.multipart import ReceivedFile, receive_form

ID = "0123456789abcdef0123456789abcdef"
FORM = "multipart/form-data; boundary=----line"


def part(value: bytes, name: str = "file", disposition: bytes = b'; filename="a.wav"') -> bytes:
    head = b'------line\r\nContent-Disposition: form-data; name="' + name.encode() + b'"' + disposition
    return head + b"\r\nContent-Type: application/octet-stream\r\n\r\n" + value + b"\r\n"


def field(name: str, value: str) -> bytes:
    return part(value.encode(), name, b"")


def body(*parts: bytes) -> bytes:
    return b"".join(parts) + b"------line--\r\n"


class BodyStream:
    """A request body that counts how many bytes were read of it."""

    def __init__(self, chunks: list[bytes], error: BaseException | None = None) -> None:
        self.chunks = chunks
        self.error = error
        self.read = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            self.read += len(chunk)
            yield chunk
        if self.error:
            raise self.error


async def upload(storage: Storage, body_bytes: BodyStream | list[bytes], **limits: Any) -> ReceivedFile:
    body_bytes = body_bytes if isinstance(body_bytes, BodyStream) else BodyStream(body_bytes)
    arguments = {"content_type": FORM, "content_length": None, "max_bytes": 10**9, "reserve_bytes": 0, **limits}
    return await receive_form(aiter(body_bytes), storage=storage, recording_id=ID, **arguments)


async def error_code(storage: Storage, body_bytes: BodyStream | list[bytes], **limits: Any) -> str:
    with pytest.raises(AppError) as raised:
        await upload(storage, body_bytes, **limits)
    assert_clean(storage)
    return raised.value.code


def assert_clean(storage: Storage) -> None:
    assert [] == (os.listdir(storage.root) if storage.root.exists() else [])


async def test_a_file_is_stored_byte_for_byte_with_its_hash(storage: Storage) -> None:
    data = random.Random(1).randbytes(3_000_000)
    body_bytes = body(field("speakers", "2-5"), part(data), field("hotword", "张三"), field("hotword", "李四"))

    received = await upload(storage, [body_bytes[at : at + 65_536] for at in range(0, len(body_bytes), 65_536)])

    assert data == received.path.read_bytes()
    assert (
        ReceivedFile(
            name="a.wav",
            path=storage.folder(ID) / "original.wav",
            extension="wav",
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            fields={"speakers": ["2-5"], "hotword": ["张三", "李四"]},
        )
        == received
    )
    assert ["original.wav"] == os.listdir(storage.folder(ID))
    assert 0o700 == storage.folder(ID).stat().st_mode & 0o777


#: Bytes that look like the beginning of a boundary, so that splits are difficult.
_tricky = st.lists(
    st.sampled_from([b"\r", b"\n", b"\r\n", b"-", b"--", b"\r\n--", b"------line", b"\r\n------lin", b"x", b"\0"]),
    max_size=40,
).map(b"".join)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_split_of_the_body_gives_the_same_result(data: st.DataObject) -> None:
    content = data.draw(_tricky.filter(lambda value: b"\r\n------line" not in b"\r\n" + value).map(lambda v: v + b"."))
    body_bytes = body(field("a", "一"), part(content), field("b", "二"))
    cuts = sorted({0, len(body_bytes), *data.draw(st.lists(st.integers(0, len(body_bytes)), max_size=30))})

    with tempfile.TemporaryDirectory() as folder:
        chunks = [body_bytes[start:end] for start, end in itertools.pairwise(cuts)]
        received = asyncio.run(upload(Storage(Path(folder)), chunks))

        assert content == received.path.read_bytes()
        assert {"a": ["一"], "b": ["二"]} == received.fields


async def test_the_body_may_be_split_at_any_byte(tmp_path: Path) -> None:
    body_bytes = body(field("a", "1"), part(b"\r\n-----\r\n------lin\r\n"))

    for at in range(len(body_bytes) + 1):
        received = await upload(Storage(tmp_path / str(at)), [body_bytes[:at], body_bytes[at:]])
        assert b"\r\n-----\r\n------lin\r\n" == received.path.read_bytes()


@pytest.mark.parametrize(
    ("disposition", "name", "extension"),
    [
        ('; filename="周会 录音.m4a"'.encode(), "周会 录音.m4a", "m4a"),
        ('; filename="周会.mp3"'.encode("gb18030"), "周会.mp3", "mp3"),
        (b"; filename*=UTF-8''%E5%91%A8%E4%BC%9A.wav", "周会.wav", "wav"),
        (b"; filename=\"a.wav\"; filename*=UTF-8''evil.exe", "a.wav", "wav"),
        (b'; filename="../../x"', "x", "bin"),
        (b'; filename="/etc/passwd"', "passwd", "bin"),
        (b'; filename="C:\\\\Users\\\\me\\\\a.WAV"', "a.WAV", "wav"),
        (b'; filename="say %22hi%22.ogg"', 'say "hi".ogg', "ogg"),
        (b'; filename="say \\"hi\\".ogg"', 'say "hi".ogg', "ogg"),
        ('; filename="\u202egpj.wav"'.encode(), "gpj.wav", "wav"),
        (b'; filename="a\0b.sh"', "ab.sh", "bin"),
        (b'; filename=""', "recording", "bin"),
        (b'; filename=".."', "recording", "bin"),
        (b'; filename="' + b"x" * 3000 + b'.wav"', "x" * 251 + ".wav", "wav"),
        (b'; filename="CON"', "CON", "bin"),
    ],
)
async def test_uploaded_file_names_are_cleaned_and_never_used_on_the_disk(
    storage: Storage, disposition: bytes, name: str, extension: str
) -> None:
    received = await upload(storage, [body(part(b"data", disposition=disposition))])

    assert name == received.name
    assert storage.folder(ID) / f"original.{extension}" == received.path
    assert [received.path.name] == os.listdir(storage.folder(ID))


async def test_the_field_of_the_file_may_have_any_name(storage: Storage) -> None:
    assert 4 == (await upload(storage, [body(part(b"data", "audio"))])).size


async def test_a_form_without_a_file_is_refused(storage: Storage) -> None:
    assert "no_file" == await error_code(storage, [body(field("file", "text"))])


async def test_two_files_are_refused(storage: Storage) -> None:
    assert "several_files" == await error_code(storage, [body(part(b"one"), part(b"two"))])


async def test_an_empty_file_is_refused(storage: Storage) -> None:
    assert "empty_file" == await error_code(storage, [body(part(b""))])


@pytest.mark.parametrize("kind", [None, "", "application/json", "application/octet-stream", "text/plain"])
async def test_other_content_types_are_refused_unread(storage: Storage, kind: str | None) -> None:
    body_bytes = BodyStream([body(part(b"data"))])

    assert "not_a_form" == await error_code(storage, body_bytes, content_type=kind)
    assert 0 == body_bytes.read


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=" + "x" * 300])
async def test_a_form_without_a_usable_boundary_is_refused(storage: Storage, kind: str) -> None:
    assert "broken_form" == await error_code(storage, [b"x"], content_type=kind)


@pytest.mark.parametrize("body_bytes", [b"", b"not a form at all", body(part(b"data"))[:-20], body(part(b"x"))[:50]])
async def test_a_truncated_body_is_refused(storage: Storage, body_bytes: bytes) -> None:
    assert "broken_form" == await error_code(storage, [body_bytes])


async def test_an_announced_size_over_the_limit_is_refused_before_a_byte_is_read(storage: Storage) -> None:
    body_bytes = BodyStream([b"x"])

    assert "too_large" == await error_code(storage, body_bytes, content_length=10**6, max_bytes=10**5)
    assert 0 == body_bytes.read


async def test_an_unannounced_size_over_the_limit_is_refused_soon(storage: Storage) -> None:
    whole = body(part(bytes(30_000_000)))
    body_bytes = BodyStream([whole[at : at + 16_384] for at in range(0, len(whole), 16_384)])

    assert "too_large" == await error_code(storage, body_bytes, max_bytes=1_000_000)
    assert body_bytes.read <= 1_000_000 + 65_536 + 16_384


async def test_the_largest_allowed_file_is_accepted_and_one_more_byte_is_not(storage: Storage) -> None:
    assert "too_large" == await error_code(storage, [body(part(bytes(1001)))], max_bytes=1000)
    assert 1000 == (await upload(storage, [body(part(bytes(1000)))], max_bytes=1000)).size


async def test_large_fields_are_refused(storage: Storage) -> None:
    assert "too_large" == await error_code(storage, [body(field("hotword", "x" * 70_000), part(b"data"))])


async def test_a_thousand_fields_are_refused(storage: Storage) -> None:
    assert "broken_form" == await error_code(storage, [body(*[field("a", "b")] * 1000, part(b"data"))])


async def test_endless_headers_are_refused(storage: Storage) -> None:
    assert "broken_form" == await error_code(storage, [b"------line\r\n" + b"A: b\r\n" * 1000])


async def test_no_upload_is_accepted_when_only_the_reserve_is_free(storage: Storage) -> None:
    body_bytes = BodyStream([body(part(b"data"))])

    assert "disk_full" == await error_code(storage, body_bytes, reserve_bytes=10**18)
    assert "disk_full" == await error_code(storage, body_bytes, content_length=10**18, max_bytes=10**19)
    assert 0 == body_bytes.read


@pytest.mark.skipif(os.getuid() != 0, reason="only root may mount a small disk")
async def test_a_disk_that_fills_up_during_an_upload_is_left_clean(storage: Storage) -> None:
    storage.root.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(storage.root)], check=False)
    if mounted.returncode != 0:
        pytest.skip("cannot mount a file system here")
    try:
        assert "disk_full" == await error_code(storage, [body(part(bytes(5_000_000)))])
        assert "disk_full" == await error_code(storage, [body(part(bytes(1_100_000)))])
    finally:
        subprocess.run(["umount", str(storage.root)], check=True)


class Disconnected(Exception):
    """Like ClientDisconnect: the client has gone."""


async def test_a_disconnect_at_any_moment_leaves_no_files(storage: Storage) -> None:
    whole = body(field("a", "b"), part(bytes(2_500_000)))

    for share in range(0, 10):
        with pytest.raises(Disconnected):
            await upload(storage, BodyStream([whole[: len(whole) * share // 10]], Disconnected()))
        assert_clean(storage)


async def test_cancelling_an_upload_leaves_no_files(storage: Storage) -> None:
    started = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b'------line\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        yield bytes(2_000_000)
        started.set()
        while True:  # `max_bytes` ends it if nothing else does
            yield bytes(1000)

    upload = asyncio.create_task(
        receive_form(endless(), FORM, None, storage, ID, max_bytes=10**8, reserve_bytes=0),
    )
    await started.wait()
    upload.cancel()

    with pytest.raises(asyncio.CancelledError):
        await upload
    assert_clean(storage)


async def test_a_stalled_upload_is_ended(storage: Storage) -> None:
    never = asyncio.Event()

    async def stalled() -> AsyncIterator[bytes]:
        yield b"------line\r\n"
        await never.wait()

    with pytest.raises(AppError) as raised:
        await receive_form(stalled(), FORM, None, storage, ID, max_bytes=10**6, reserve_bytes=0, stall_seconds=0.05)
    assert "upload_stalled" == raised.value.code
    assert_clean(storage)


async def test_a_very_slow_upload_is_ended(storage: Storage) -> None:
    async def slow() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0)
            yield b"-"

    with pytest.raises(AppError) as raised:
        await receive_form(slow(), FORM, None, storage, ID, max_bytes=10**6, reserve_bytes=0, stall_seconds=0.05)
    assert raised.value.code == "upload_stalled"
    assert_clean(storage)


async def test_an_existing_recording_is_never_overwritten(storage: Storage) -> None:
    await upload(storage, [body(part(b"first"))])

    with pytest.raises(FileExistsError):
        await upload(storage, [body(part(b"second"))])

    assert b"first" == (storage.folder(ID) / "original.wav").read_bytes()


async def test_memory_does_not_grow_with_the_file(storage: Storage) -> None:
    chunk = bytes(65_536)

    async def large() -> AsyncIterator[bytes]:
        yield b'------line\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
        for _ in range(1000):
            yield chunk
        yield b"\r\n------line--\r\n"

    tracemalloc.start()
    received = await receive_form(large(), FORM, None, storage, ID, max_bytes=10**9, reserve_bytes=0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert 65_536_000 == received.size
    assert peak < 8_000_000
