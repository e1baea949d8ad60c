import json
import logging
from pathlib import Path

import pytest

from backend import logs


@pytest.fixture(autouse=True)
def quiet_again() -> object:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    for handler in root.handlers:
        if handler not in before[0]:
            handler.close()
    root.handlers[:], root.level = before[0], before[1]
    logging.getLogger("backend").setLevel(logging.NOTSET)


def test_a_json_line_is_one_object_with_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up_logs("INFO", "json")
    token = logs.job_id.set("7")

    logging.getLogger("test").info("Job finished", extra={"seconds": 1.5})
    logs.job_id.reset(token)

    entry = json.loads(capsys.readouterr().err)
    assert (entry["message"], entry["seconds"], entry["job"], entry["level"]) == ("Job finished", 1.5, "7", "INFO")


def test_a_line_break_in_a_field_cannot_forge_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up_logs("INFO", "text")

    logging.getLogger("test").info("Recording renamed", extra={"to": "a\nb\r\x1b[31m"})

    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("library", ["uvicorn.error", "websockets.server", "httpcore.http11", "openai", "multipart"])
def test_libraries_do_not_log_headers_and_frames_at_debug(library: str) -> None:
    logs.set_up_logs("DEBUG", "text")

    assert logging.getLogger("backend.jobs").isEnabledFor(logging.DEBUG)
    assert not logging.getLogger(library).isEnabledFor(logging.DEBUG)


def test_a_level_holds_for_our_own_code_too() -> None:
    logs.set_up_logs("WARNING", "text")

    assert not logging.getLogger("backend.jobs").isEnabledFor(logging.INFO)


def test_a_log_file_has_json_lines_beside_the_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "logs" / "app.log"
    logs.set_up_logs("INFO", "text", file)

    logging.getLogger("backend.test").info("Job finished", extra={"seconds": 1.5})

    assert json.loads(file.read_text())["seconds"] == 1.5
    assert "INFO    Job finished" in capsys.readouterr().err


def test_a_full_log_file_is_renamed_and_the_oldest_is_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(logs, "FILE_BYTES", 1000)
    logs.set_up_logs("INFO", "text", tmp_path / "app.log")

    for number in range(100):
        logging.getLogger("backend.test").info("Job finished", extra={"number": number})

    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["app.log", *(f"app.log.{number}" for number in range(1, logs.OLDER_FILES + 1))]
    assert json.loads((tmp_path / "app.log").read_text().splitlines()[-1])["number"] == 99
    assert capsys.readouterr().out == ""


def test_a_log_file_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file")

    with pytest.raises(logs.LogFileClosed, match=r"LOG_FILE: .*app\.log cannot be written to"):
        logs.set_up_logs("INFO", "text", tmp_path / "logs" / "app.log")
