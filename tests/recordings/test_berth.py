from pathlib import Path

from backend.recordings.berth import Berth


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
