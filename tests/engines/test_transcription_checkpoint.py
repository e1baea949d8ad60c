"""A resumed job reads its finished chunks from the checkpoint; damaged entries are ignored."""

from pathlib import Path

import pytest

from backend.checksums import sha256
from backend.engines.transcription_checkpoint import (
    TranscriptionCheckpoint,
    fingerprint,
    model_fingerprint,
    read_checkpoint,
)
from backend.speech.types import Sentence, Word


def _sentence(text: str, at: float) -> Sentence:
    words = tuple(Word(character, at + index, at + index + 1) for index, character in enumerate(text))
    return Sentence(at, at + len(text), text, words)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "finished.jsonl"


def test_saved_chunks_are_available_in_the_next_run(path: Path) -> None:
    first = TranscriptionCheckpoint(path, "vosk 1")
    first.save(1, _sentence("今天", 30))
    first.save(0, _sentence("昨天", 0))

    assert TranscriptionCheckpoint(path, "vosk 1").finished_sentences() == {
        0: _sentence("昨天", 0),
        1: _sentence("今天", 30),
    }


def test_saving_returns_the_chunk_as_it_will_be_read(path: Path) -> None:
    third = Sentence(1 / 3, 2 / 3, "好", (Word("好", 1 / 3, 2 / 3),))

    saved = TranscriptionCheckpoint(path).save(0, third)

    assert TranscriptionCheckpoint(path).finished_sentences()[0] == saved


def test_without_a_path_chunks_are_kept_in_memory_only() -> None:
    checkpoint = TranscriptionCheckpoint(None, "vosk 1")

    checkpoint.save(0, _sentence("今天", 0))

    assert checkpoint.finished_sentences() == {0: _sentence("今天", 0)}


def test_another_fingerprint_starts_the_file_over(path: Path) -> None:
    TranscriptionCheckpoint(path, "hotwords: none").save(0, _sentence("今天", 0))

    assert TranscriptionCheckpoint(path, "hotwords: 天气").finished_sentences() == {}
    assert TranscriptionCheckpoint(path, "hotwords: none").finished_sentences() == {}


def test_a_torn_line_is_ignored_and_later_lines_are_intact(path: Path) -> None:
    checkpoint = TranscriptionCheckpoint(path, "x")
    checkpoint.save(0, _sentence("昨天", 0))
    checkpoint.save(1, _sentence("今天", 30))
    path.write_bytes(path.read_bytes()[:-7])

    again = TranscriptionCheckpoint(path, "x")
    assert again.finished_sentences() == {0: _sentence("昨天", 0)}
    again.save(1, _sentence("明天", 30))

    assert TranscriptionCheckpoint(path, "x").finished_sentences() == {
        0: _sentence("昨天", 0),
        1: _sentence("明天", 30),
    }


@pytest.mark.parametrize("line", [1, 2, 3])
def test_a_damaged_line_affects_only_its_own_chunk(path: Path, line: int) -> None:
    checkpoint = TranscriptionCheckpoint(path, "x")
    for index in range(3):
        checkpoint.save(index, _sentence("今天", index * 30))
    lines = path.read_bytes().split(b"\n")
    lines[line] = lines[line].replace("今".encode(), "昨".encode())
    path.write_bytes(b"\n".join(lines))

    assert set(TranscriptionCheckpoint(path, "x").finished_sentences()) == {0, 1, 2} - {line - 1}


def test_a_damaged_fingerprint_starts_the_file_over(path: Path) -> None:
    TranscriptionCheckpoint(path, "x").save(0, _sentence("今天", 0))
    path.write_bytes(b"?" + path.read_bytes()[1:])

    assert TranscriptionCheckpoint(path, "x").finished_sentences() == {}


def test_a_foreign_file_is_replaced(path: Path) -> None:
    path.write_bytes(b"\x00\xff\n\n{}\n" * 3)

    assert TranscriptionCheckpoint(path, "x").finished_sentences() == {}
    assert TranscriptionCheckpoint(path, "x").finished_sentences() == {}


def test_the_partial_text_is_in_order_of_time(path: Path) -> None:
    checkpoint = TranscriptionCheckpoint(path, "x")
    checkpoint.save(2, _sentence("今天", 60))
    checkpoint.save(0, _sentence("昨天", 0))

    assert [sentence.text for sentence in read_checkpoint(path)] == ["昨天", "今天"]


def test_the_partial_text_repeats_nothing_where_speech_was_cut(path: Path) -> None:
    checkpoint = TranscriptionCheckpoint(path, "x")
    checkpoint.save(0, Sentence(0, 2, "一二三", (Word("一", 0, 1), Word("二", 1, 2), Word("三", 2, 3))))
    checkpoint.save(1, Sentence(2, 4, "二三四", (Word("二", 1, 2), Word("三", 2, 3), Word("四", 3, 4))))

    assert "".join(sentence.text for sentence in read_checkpoint(path)) == "一二三四"


def test_without_a_file_the_partial_text_is_empty(path: Path) -> None:
    assert read_checkpoint(path) == []


def test_different_facts_have_different_fingerprints(tmp_path: Path) -> None:
    assert fingerprint("a", ["b"]) == fingerprint("a", ["b"])
    assert fingerprint("a", ["b"]) != fingerprint("a", "b")
    assert fingerprint("ab", "c") != fingerprint("a", "bc")


def test_model_fingerprints_change_with_the_files(tmp_path: Path) -> None:
    weights = tmp_path / "weights"
    weights.mkdir()
    (weights / "model.pt").write_bytes(b"123")
    file, model = sha256(weights / "model.pt"), model_fingerprint(weights)

    (weights / "model.pt").write_bytes(b"1234")
    assert sha256(weights / "model.pt") != file
    assert model_fingerprint(weights) != model

    (weights / "manifest.json").write_text("{}")
    manifest = model_fingerprint(weights)
    (weights / "manifest.json").write_text('{"revision": 2}')
    assert model_fingerprint(weights) != manifest
