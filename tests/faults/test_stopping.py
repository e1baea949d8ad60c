"""SIGTERM and SIGINT, once and repeatedly: a clean shutdown, no new claim, nothing lost."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.conftest import play
from tests.serving import Server, until


def signals(*numbers: int) -> Callable[[int], None]:
    def send(pid: int) -> None:
        for number in numbers:
            os.kill(pid, number)
            time.sleep(0.02)  # pending signals of one kind are merged

    return send


@pytest.mark.parametrize(
    "send",
    [signals(signal.SIGTERM), signals(*[signal.SIGTERM] * 5), signals(signal.SIGINT, signal.SIGTERM)],
    ids=["SIGTERM", "SIGTERM five times", "SIGINT then SIGTERM"],
)
def test_a_stopped_server_puts_its_jobs_back_and_claims_no_other(
    server: Server, recording: Path, send: Callable[[int], None]
) -> None:
    play(server, transcribe={"delay": 0.1, "steps": {"4": {"hang": True, "once": str(server.folder / "hung")}}})
    server.start()
    uploaded = [server.upload(recording) for _ in range(3)]
    until((server.folder / "hung").exists)
    assert server.process is not None

    send(server.process.pid)

    assert server.process.wait(10) == 0
    log = server.log.read_text(encoding="utf-8")
    assert "Traceback" not in log
    rows = server.rows("SELECT status, failures, runner FROM jobs")
    assert rows == [("queued", 0, None)] * 3

    server.start()
    ends = [server.ended(job) for _, job in uploaded]
    assert [end["status"] for end in ends] == ["done"] * 3
    assert [end["attempt"] for end in ends] == [2, 2, 1]
