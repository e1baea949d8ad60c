"""What has been heard is heard once: kept pieces survive, damaged ones do not count."""

from pathlib import Path

import pytest

from backend.checksums import sha256
from backend.engines.finished import Finished, fingerprint, mark_of_model, read_finished
from backend.speech.types import Sentence, Word


def _said(text: str, at: float) -> Sentence:
    words = tuple(Word(character, at + index, at + index + 1) for index, character in enumerate(text))
    return Sentence(at, at + len(text), text, words)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "finished.jsonl"


def test_pieces_are_kept_for_the_next_run(path: Path) -> None:
    first = Finished(path, "vosk 1")
    first.keep(1, _said("今天", 30))
    first.keep(0, _said("昨天", 0))

    assert Finished(path, "vosk 1").kept() == {0: _said("昨天", 0), 1: _said("今天", 30)}


def test_a_piece_is_given_back_as_it_will_be_read(path: Path) -> None:
    third = Sentence(1 / 3, 2 / 3, "好", (Word("好", 1 / 3, 2 / 3),))

    kept = Finished(path).keep(0, third)

    assert Finished(path).kept()[0] == kept


def test_without_a_path_pieces_last_as_long_as_the_run() -> None:
    finished = Finished(None, "vosk 1")

    finished.keep(0, _said("今天", 0))

    assert finished.kept() == {0: _said("今天", 0)}


def test_another_fingerprint_starts_the_file_afresh(path: Path) -> None:
    Finished(path, "hotwords: none").keep(0, _said("今天", 0))

    assert Finished(path, "hotwords: 天气").kept() == {}
    assert Finished(path, "hotwords: none").kept() == {}


def test_a_torn_last_line_is_heard_again_and_harms_nothing_after_it(path: Path) -> None:
    finished = Finished(path, "x")
    finished.keep(0, _said("昨天", 0))
    finished.keep(1, _said("今天", 30))
    path.write_bytes(path.read_bytes()[:-7])

    again = Finished(path, "x")
    assert again.kept() == {0: _said("昨天", 0)}
    again.keep(1, _said("明天", 30))

    assert Finished(path, "x").kept() == {0: _said("昨天", 0), 1: _said("明天", 30)}


@pytest.mark.parametrize("line", [1, 2, 3])
def test_a_damaged_line_costs_only_its_own_piece(path: Path, line: int) -> None:
    finished = Finished(path, "x")
    for index in range(3):
        finished.keep(index, _said("今天", index * 30))
    lines = path.read_bytes().split(b"\n")
    lines[line] = lines[line].replace("今".encode(), "昨".encode())
    path.write_bytes(b"\n".join(lines))

    assert set(Finished(path, "x").kept()) == {0, 1, 2} - {line - 1}


def test_a_damaged_fingerprint_keeps_nothing(path: Path) -> None:
    Finished(path, "x").keep(0, _said("今天", 0))
    path.write_bytes(b"?" + path.read_bytes()[1:])

    assert Finished(path, "x").kept() == {}


def test_a_file_of_something_else_keeps_nothing(path: Path) -> None:
    path.write_bytes(b"\x00\xff\n\n{}\n" * 3)

    assert Finished(path, "x").kept() == {}
    assert Finished(path, "x").kept() == {}


def test_the_partial_text_is_in_order_of_time(path: Path) -> None:
    finished = Finished(path, "x")
    finished.keep(2, _said("今天", 60))
    finished.keep(0, _said("昨天", 0))

    assert [sentence.text for sentence in read_finished(path)] == ["昨天", "今天"]


def test_the_partial_text_says_nothing_twice_where_speech_was_cut(path: Path) -> None:
    finished = Finished(path, "x")
    finished.keep(0, Sentence(0, 2, "一二三", (Word("一", 0, 1), Word("二", 1, 2), Word("三", 2, 3))))
    finished.keep(1, Sentence(2, 4, "二三四", (Word("二", 1, 2), Word("三", 2, 3), Word("四", 3, 4))))

    assert "".join(sentence.text for sentence in read_finished(path)) == "一二三四"


def test_nothing_was_heard_where_there_is_no_file(path: Path) -> None:
    assert read_finished(path) == []


def test_fingerprints_tell_facts_apart(tmp_path: Path) -> None:
    assert fingerprint("a", ["b"]) == fingerprint("a", ["b"])
    assert fingerprint("a", ["b"]) != fingerprint("a", "b")
    assert fingerprint("ab", "c") != fingerprint("a", "bc")


def test_marks_change_with_what_they_mark(tmp_path: Path) -> None:
    weights = tmp_path / "weights"
    weights.mkdir()
    (weights / "model.pt").write_bytes(b"123")
    file, model = sha256(weights / "model.pt"), mark_of_model(weights)

    (weights / "model.pt").write_bytes(b"1234")
    assert sha256(weights / "model.pt") != file
    assert mark_of_model(weights) != model

    (weights / "manifest.json").write_text("{}")
    manifest = mark_of_model(weights)
    (weights / "manifest.json").write_text('{"revision": 2}')
    assert mark_of_model(weights) != manifest
