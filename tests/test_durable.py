"""Durable writes: a reader sees the old file or the new one."""

import os
from pathlib import Path

import pytest

from backend.durable import sync_folder, write_durably


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "文稿.json"

    write_durably(path, b"old")
    write_durably(path, b"new")

    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["文稿.json"]


def test_a_failed_write_leaves_the_old_file_and_no_temporary_file(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    write_durably(path, b"old")

    with pytest.raises(TypeError):
        write_durably(path, "not bytes")  # type: ignore[arg-type]

    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["kept"]


def test_writing_to_a_missing_folder_fails(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_durably(tmp_path / "none" / "file", b"")
    with pytest.raises(FileNotFoundError):
        sync_folder(tmp_path / "none")
