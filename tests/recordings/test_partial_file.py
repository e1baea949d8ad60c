import hashlib
import os
import random
from pathlib import Path

import pytest

from backend.recordings.partial_file import FileInUse, PartialFile, is_in_use


def random_chunks(count: int, max_size: int) -> list[bytes]:
    generator = random.Random(7)
    return [generator.randbytes(generator.randint(1, max_size)) for _ in range(count)]


@pytest.mark.parametrize(
    "chunks", [random_chunks(5, 300_000), random_chunks(5000, 9), [b"x"]], ids=["large", "many", "one"]
)
def test_chunks_are_written_in_order_and_hashed(tmp_path: Path, chunks: list[bytes]) -> None:
    digest = hashlib.sha256()
    partial_file = PartialFile(tmp_path / "upload", 0, [digest], lambda: None)
    partial_file.lock()
    assert partial_file.open()

    partial_file.write(chunks)
    partial_file.close(partial_file.written)

    content = b"".join(chunks)
    assert (tmp_path / "upload").read_bytes() == content
    assert digest.digest() == hashlib.sha256(content).digest()
    assert partial_file.written == len(content)


def test_short_writes_are_continued_until_everything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator, write = random.Random(3), os.write

    def short_write(descriptor: int, data: memoryview) -> int:
        return write(descriptor, data[: generator.randint(1, 50_000)])

    monkeypatch.setattr(os, "write", short_write)
    chunks = random_chunks(40, 20_000)
    partial_file = PartialFile(tmp_path / "upload", 0, [], lambda: None)
    partial_file.lock()
    assert partial_file.open()

    partial_file.write(chunks)
    partial_file.close(partial_file.written)

    assert (tmp_path / "upload").read_bytes() == b"".join(chunks)


def partial_file(path: Path, start: int) -> PartialFile:
    return PartialFile(path, start, [], lambda: None)


def test_unacknowledged_bytes_of_a_killed_server_are_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"safe" + b"unacknowledged" * 1000)
    continued = partial_file(path, 4)

    continued.lock()
    assert continued.open()

    assert b"safe" == path.read_bytes()
    continued.close(4)


def test_bytes_are_appended_and_cut_off_when_not_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"safe")
    continued = partial_file(path, 4)
    continued.lock()
    assert continued.open()

    continued.write([b" and", b" more"])
    continued.close(8)

    assert b"safe and" == path.read_bytes()


def test_a_file_that_another_request_writes_to_is_not_opened_until_that_one_has_ended(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    assert not is_in_use(path)
    first, second = partial_file(path, 0), partial_file(path, 0)
    first.lock()
    assert first.open()
    first.write([b"first"])

    with pytest.raises(FileInUse):
        second.lock()
    second.close(0)

    assert is_in_use(path)
    first.close(5)
    assert b"first" == path.read_bytes()
    second.lock()
    second.close(None)


def test_a_file_shorter_than_the_acknowledged_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"saf")
    short = partial_file(path, 4)

    short.lock()
    assert not short.open()
    short.close(None)

    assert b"saf" == path.read_bytes()
