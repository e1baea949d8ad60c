"""Which recordings `transcribe` finds, and that no transcript ever takes the place of something else."""

import os
from pathlib import Path

import pytest

from backend.shell_files import NothingToTranscribe, shown, tasks, unused

FORMATS = ("txt", "json")


def made(folder: Path, *names: str | bytes) -> list[Path]:
    paths = [folder / os.fsdecode(name) for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"sound")
    return paths


def names(folder: Path, *inputs: Path) -> list[list[str]]:
    return [
        [str(path.relative_to(folder / "out")) for path in task.targets.values()]
        for task in tasks(inputs, folder / "out", FORMATS)
    ]


def test_a_transcript_has_the_name_of_its_recording(tmp_path: Path) -> None:
    [path] = made(tmp_path, "周会.m4a")

    assert names(tmp_path, path) == [["周会.txt", "周会.json"]]


def test_two_recordings_never_share_a_target(tmp_path: Path) -> None:
    found = made(tmp_path, "1/a.mp3", "2/a.wav", "3/a.mp3", "4/a.mp3", "5/A.flac", "6/é.mp3", "7/é.mp3")

    targets = [name for task in names(tmp_path, *found) for name in task]

    assert len({name.casefold() for name in targets}) == len(targets) == 14
    assert targets[:4] == ["a.txt", "a.json", "a.wav.txt", "a.wav.json"]


def test_a_recording_named_twice_is_transcribed_once(tmp_path: Path) -> None:
    [path] = made(tmp_path, "a.mp3")
    (tmp_path / "link.mp3").symlink_to(path)

    assert names(tmp_path, path, path, tmp_path / "link.mp3", tmp_path) == [["a.txt", "a.json"]]


def test_a_recording_is_never_a_target(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    [path] = made(tmp_path, "out/talk.txt")

    assert names(tmp_path, path) == [["talk.txt.txt", "talk.txt.json"]]


def test_folders_are_searched_through_and_keep_their_order(tmp_path: Path) -> None:
    folder = tmp_path / "meetings"
    made(folder, "b.mp3", "a.MP3", "monday/a.mp3", "notes.txt", ".hidden.mp3", ".trash/c.mp3")

    assert names(tmp_path, folder) == [
        ["a.txt", "a.json"],
        ["b.txt", "b.json"],
        ["monday/a.txt", "monday/a.json"],
    ]


def test_a_folder_without_recordings_is_an_error(tmp_path: Path) -> None:
    made(tmp_path, "notes.txt")

    with pytest.raises(NothingToTranscribe, match="no audio or video file"):
        tasks([tmp_path], tmp_path / "out", FORMATS)


@pytest.mark.parametrize(
    "name", ["会" * 83 + ".mp3", "x" * 251 + ".wav", b"\xd6\xdc" * 125 + b".mp3", "é" * 125 + ".a"]
)
def test_a_name_of_any_length_gives_names_that_a_file_system_takes(tmp_path: Path, name: str | bytes) -> None:
    [path] = made(tmp_path, name)
    [other] = made(tmp_path / "other", os.fsencode(name)[:-5] + b"z" + os.fsencode(name)[-4:])
    (tmp_path / "out").mkdir()

    planned = tasks([path, other], tmp_path / "out", FORMATS)

    for task in planned:
        for target in task.targets.values():
            target.write_bytes(b"")
    assert len(list((tmp_path / "out").iterdir())) == 4


def test_a_name_in_another_encoding_keeps_its_bytes_and_is_shown_readably(tmp_path: Path) -> None:
    raw = "周会".encode("gb18030")
    [path] = made(tmp_path, raw + b".mp3")

    [task] = tasks([path], tmp_path / "out", ["txt"])

    assert os.fsencode(task.targets["txt"].name) == raw + b".txt"
    assert shown(path.name) == "周会.mp3"


def test_a_name_cannot_control_the_terminal() -> None:
    assert shown("a\n\x1b[31mb\u202ec.mp3") == "a??[31mb?c.mp3"
    assert shown(os.fsdecode(b"\xff\xff.mp3")) == "\ufffd\ufffd.mp3"


def test_an_unused_name_is_beside_the_used_ones(tmp_path: Path) -> None:
    made(tmp_path, "a.txt", "a (2).txt")

    assert unused(tmp_path / "a.txt") == tmp_path / "a (3).txt"
    assert unused(tmp_path / "b.txt") == tmp_path / "b.txt"
