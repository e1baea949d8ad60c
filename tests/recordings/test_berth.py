import hashlib
import os
import random
from pathlib import Path

import pytest

from backend.recordings.berth import Berth


def pieces(count: int, most: int) -> list[bytes]:
    lot = random.Random(7)
    return [lot.randbytes(lot.randint(1, most)) for _ in range(count)]


@pytest.mark.parametrize("chunks", [pieces(5, 300_000), pieces(5000, 9), [b"x"]], ids=["large", "many", "one"])
def test_what_comes_in_pieces_is_written_in_its_order_and_hashed(tmp_path: Path, chunks: list[bytes]) -> None:
    digest = hashlib.sha256()
    berth = Berth(tmp_path / "upload", 0, [digest], lambda: None)
    assert berth.open()

    berth.write(chunks)
    berth.close(berth.written)

    content = b"".join(chunks)
    assert (tmp_path / "upload").read_bytes() == content
    assert digest.digest() == hashlib.sha256(content).digest()
    assert berth.written == len(content)


def test_a_system_that_takes_less_than_it_was_given_is_given_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lot, write = random.Random(3), os.write

    def stingy(descriptor: int, data: memoryview) -> int:
        return write(descriptor, data[: lot.randint(1, 50_000)])

    monkeypatch.setattr(os, "write", stingy)
    chunks = pieces(40, 20_000)
    berth = Berth(tmp_path / "upload", 0, [], lambda: None)
    assert berth.open()

    berth.write(chunks)
    berth.close(berth.written)

    assert (tmp_path / "upload").read_bytes() == b"".join(chunks)


def berth(path: Path, start: int) -> Berth:
    return Berth(path, start, [], lambda: None)


def test_what_a_killed_server_had_not_acknowledged_takes_no_room_once_the_upload_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"told" + b"never told" * 1000)
    going_on = berth(path, 4)

    assert going_on.open()

    assert b"told" == path.read_bytes()
    going_on.close(4)


def test_bytes_come_behind_what_was_acknowledged_and_go_where_they_are_not(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"told")
    going_on = berth(path, 4)
    assert going_on.open()

    going_on.write([b" and", b" more"])
    going_on.close(8)

    assert b"told and" == path.read_bytes()


def test_a_file_that_is_shorter_than_what_was_acknowledged_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"tol")
    short = berth(path, 4)

    assert not short.open()
    short.close(None)

    assert b"tol" == path.read_bytes()
