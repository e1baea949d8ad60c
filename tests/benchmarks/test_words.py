"""`python -m benchmarks words`: how errors are pooled, what its tables say, and which recordings it reads."""

import shutil
import wave
from pathlib import Path

import pytest
from rich.table import Table

pytest.importorskip("meeteval")

from backend.engines.measurement import RequestCost
from benchmarks import word_groups
from benchmarks.accuracy import Utterance, pooled_text_error
from benchmarks.word_groups import Recording
from benchmarks.words import Heard, nothing_table, speech_table


def said(text: str) -> list[Utterance]:
    return [Utterance("S1", 0.0, 1.0, text)]


def heard(group: str, reference: str, text: str, *cpu: float, cp_cer: float | None = None) -> Heard:
    recording = Recording(group, Path("a.wav"), said(reference) if reference else [])
    return Heard(recording, 30.0, text, 0, cp_cer, [RequestCost(1.0, seconds, 500_000_000) for seconds in cpu])


def rows(table: Table) -> list[list[str]]:
    return [list(row) for row in zip(*(column.cells for column in table.columns), strict=True)]  # type: ignore[arg-type]


def test_errors_are_pooled_over_recordings_by_their_length() -> None:
    whole, wrong = (said("大家今天在这里开"), "大家今天在这里开"), (said("会议"), "会意")

    assert 0.1 == pytest.approx(pooled_text_error([whole, wrong]))


def test_a_number_may_be_written_either_way() -> None:
    assert 0 == pooled_text_error([(said("二零二六年增长百分之十二点五"), "2026年增长12.5%。")])


def test_a_group_has_a_row_for_each_engine_and_the_median_cost() -> None:
    whisper = [heard("room", "今天开会", "今天开会", 10.0, 14.0, 11.0), heard("noise", "今天开会", "今天", 20.0)]
    vosk = [heard("room", "今天开会", "今天开花", 5.0), heard("noise", "今天开会", "天", 5.0, cp_cer=0.5)]

    table = speech_table({"whisper": whisper, "vosk": vosk})

    assert [
        ["room", "whisper", "0.0 %", "–", "22.0", "0", "500"],
        ["room", "vosk", "25.0 %", "–", "10.0", "0", "500"],
        ["noise", "whisper", "50.0 %", "–", "40.0", "0", "500"],
        ["noise", "vosk", "75.0 %", "50.0 %", "10.0", "0", "500"],
        ["all", "whisper", "25.0 %", "–", "31.0", "0", "500"],
        ["all", "vosk", "50.0 %", "–", "10.0", "0", "500"],
    ] == rows(table)


def test_every_character_is_invented_where_nothing_is_said() -> None:
    table = nothing_table({"whisper": [heard("music", "", "字幕by索兰娅。", 1.0)]})

    assert [["music, 0 min", "whisper", "7", "0", "2.0", "字幕by索兰娅。"]] == rows(table)


def test_recordings_of_ones_own_are_grouped_by_their_folder(tmp_path: Path) -> None:
    talk = tmp_path / "mine" / "talk"
    talk.mkdir(parents=True)
    for path in (talk / "one.wav", talk / "without-text.wav", tmp_path / "mine" / "two.wav"):
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(bytes(8000))
    (talk / "one.txt").write_text("今天 开会\n", encoding="utf-8")
    (tmp_path / "mine" / "two.stm").write_text("two 1 S1 0.0 0.5 开会\n", encoding="utf-8")

    found = word_groups.own(tmp_path / "mine", tmp_path)

    assert [
        ("talk", "今天开会", False),
        ("mine", "开会", True),
    ] == [(one.group, one.reference[0].text, one.speakers) for one in found]


@pytest.mark.shared
def test_every_made_group_has_the_same_reference_and_length(shared: Path, tmp_path: Path) -> None:
    made = word_groups.read_speech(shared, 6.0, 1, tmp_path)

    assert ["clean read", "far away", "babble 5 dB", "white noise 5 dB", "opus 12k", "telephone 8 kHz"] == [
        one.group for one in made
    ]
    assert 1 == len({(tuple(one.reference), one.wav.stat().st_size) for one in made})
    shutil.rmtree(tmp_path)
