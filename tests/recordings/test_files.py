import os
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.recordings.files import DiskFull, Storage, clean_name, clean_typed_name, extension_of
from backend.recordings.whitelists import EXTENSIONS

ID = "0123456789abcdef0123456789abcdef"
OTHER = "f" * 32


def test_every_path_is_in_the_folder_of_its_recording(storage: Storage) -> None:
    root = storage.root

    assert root / ID == storage.folder(ID)
    assert root / ID / "original.mp3" == storage.original_named(ID, "mp3")
    assert root / ID / "jobs" / "j1" == storage.job_folder(ID, "j1")
    assert root / "transcripts" / f"{ID}.txt" == storage.mirror(ID, "txt") == storage.mirror(ID, ".txt")
    assert {root / ID} == {storage.listening_copy(ID).parent, storage.peaks(ID).parent}


@pytest.mark.parametrize("id", ["", ".", "..", "../x", "a/b", "/etc", "a\0", "transcripts/../x", "a b", "a\n"])
def test_an_invalid_id_never_becomes_a_path(storage: Storage, id: str) -> None:
    for path in (storage.folder, storage.listening_copy, lambda id: storage.job_folder(ID, id)):
        with pytest.raises(ValueError, match="not a valid id"):
            path(id)


async def test_deleting_removes_all_files_of_one_recording_only(storage: Storage) -> None:
    for id in (ID, OTHER):
        await storage.write_durably(storage.original_named(id, "wav"), b"MARK")
        await storage.write_durably(storage.job_folder(id, "j") / "document.json", b"MARK")
        await storage.write_durably(storage.mirror(id, "txt"), b"MARK")
        await storage.write_durably(storage.mirror(id, "json"), b"MARK")

    await storage.delete(ID)
    await storage.delete(ID)

    left = [path.relative_to(storage.root) for path in storage.root.rglob("*") if path.is_file()]
    assert 4 == len(left)
    assert all(OTHER in str(path) for path in left)


async def test_folders_are_readable_only_by_the_server(storage: Storage) -> None:
    await storage.write_durably(storage.job_folder(ID, "j") / "a.json", b"{}")

    assert {0o700} == {path.stat().st_mode & 0o777 for path in storage.root.rglob("*") if path.is_dir()}


async def test_writing_durably_replaces_the_file_and_leaves_no_other(storage: Storage) -> None:
    path = storage.peaks(ID)

    await storage.write_durably(path, b"one")
    await storage.write_durably(path, b"two")

    assert b"two" == path.read_bytes()
    assert [path.name] == os.listdir(path.parent)


def test_the_disk_reserve_is_never_used(storage: Storage) -> None:
    storage.check_free_space(1, 0)

    with pytest.raises(DiskFull):
        storage.check_free_space(0, 10**18)


def test_chinese_names_are_kept() -> None:
    assert "周会录音（第 3 次）.m4a" == clean_name("周会录音（第 3 次）.m4a")


def test_a_typed_name_keeps_what_stands_around_its_slashes() -> None:
    assert clean_typed_name("Q3/Q4 周会 2026/11/30") == "Q3／Q4 周会 2026／11／30"
    assert clean_typed_name("a\\b") == "a＼b"


@given(st.text())
def test_a_cleaned_name_is_short_and_visible_and_not_a_path(name: str) -> None:
    cleaned = clean_name(name)

    assert 0 < len(cleaned) <= 255
    assert not re.search(r"[/\\\0-\x1f\x7f\u202a-\u202e\u2066-\u2069]", cleaned)
    assert cleaned not in (".", "..")
    assert cleaned == unicodedata.normalize("NFC", cleaned)
    assert cleaned == clean_name(cleaned)


@given(st.text())
def test_only_known_extensions_are_used(name: str) -> None:
    assert extension_of(name) in {*EXTENSIONS, "bin"}


def test_a_known_extension_is_taken_from_the_name(tmp_path: Path) -> None:
    assert ["mp3", "bin", "bin", "m4a"] == [extension_of(name) for name in ("a.MP3", "a.sh", "mp3", "周会.m4a")]
