"""A demo server with a slow script, so that there is time to disturb it."""

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backend.ffmpeg import ffmpeg_path
from tests.serving import Server

#: Ten sentences by two voices, of a second each, recognised in a tenth of a second each.
SENTENCES = [
    {"start": float(second), "end": second + 0.9, "text": text, "voice": "AB"[second // 2 % 2]}
    for second, text in enumerate(
        [
            "今天我们开会。",
            "先说第一件事。",
            "预算已经批了。",
            "我这边没有问题。",
            "那就按计划来。",
            "第二件事是招人。",
            "还缺两个工程师。",
            "下周开始面试。",
            "好的我来安排。",
            "今天就到这里。",
        ]
    )
]


def script(**parts: Any) -> dict[str, Any]:
    return {"sentences": SENTENCES, "transcribe": {"delay": 0.1}, "diarize": {"delay": 0.1}, **parts}


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("audio") / "周会.wav"
    tone = ["-f", "lavfi", "-i", "sine=frequency=300:duration=10", "-ar", "16000"]
    subprocess.run([ffmpeg_path(), "-v", "error", *tone, str(path)], check=True)
    return path


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A stopped installation with its tables and an admin. To make one takes longer than most tests."""
    server = Server(tmp_path_factory.mktemp("furnished"))
    server.start()
    assert server.stop() == 0
    yield server
    server.close()


def server_from(folder: Path, prepared: Server, **settings: str) -> Server:
    """A copy of the prepared installation, not started yet; write its script with `play`."""
    server = Server(folder, SCRIPT=str(folder / "script.json"), **settings)
    copy_prepared(server, prepared)
    return server


def copy_prepared(server: Server, prepared: Server) -> None:
    shutil.copy(prepared.folder / "server.db", server.folder)
    server.client.headers["Authorization"] = prepared.client.headers["Authorization"]
    play(server)


@pytest.fixture
def server(tmp_path: Path, prepared: Server) -> Iterator[Server]:
    server = server_from(tmp_path, prepared, RESCUE_SECONDS="30", HEARTBEAT_SECONDS="1")
    yield server
    server.close()


def play(server: Server, **parts: Any) -> None:
    (server.folder / "script.json").write_text(json.dumps(script(**parts)), encoding="utf-8")


KILL = {"signal": int(signal.SIGKILL)}
