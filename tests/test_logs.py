import json
import logging

import pytest

from backend import logs


@pytest.fixture(autouse=True)
def quiet_again() -> object:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
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
