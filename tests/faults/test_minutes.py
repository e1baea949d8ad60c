"""SIGKILL while minutes are written to files: they are published once, and mirrored after a restart."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import server_from
from tests.faults.steps import ID
from tests.faults.test_housekeeping import run_check
from tests.language_server import KEY, MODEL, LanguageServer, serve_language
from tests.minutes.models import good
from tests.serving import Server, until


@pytest.fixture(scope="module")
def language() -> Iterator[LanguageServer]:
    with serve_language(good) as server:
        yield server


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", [f"{ID}.minutes.md", f"{ID}.minutes.docx", f"{ID}.minutes.json"])
def test_a_server_killed_while_minutes_become_files(
    tmp_path: Path, prepared: Server, recording: Path, language: LanguageServer, step: str, moment: str
) -> None:
    model = {"OPENAI_BASE_URL": language.url, "OPENAI_API_KEY": KEY, "OPENAI_MODEL_NAME": MODEL}
    server = server_from(tmp_path, prepared, **model, OPENAI_ALLOW_PRIVATE="true", HEARTBEAT_SECONDS="1")
    try:
        server.start(CRASH_AT=f"{moment}:{step}")
        id, job = server.upload(recording)
        assert server.ended(job)["status"] == "done"
        server.client.post(f"/api/recordings/{id}/minutes", json={}).raise_for_status()
        server.wait_for_death()

        server.start()

        kinds = ("md", "docx", "json")
        mirrors = [server.folder / "uploads" / "transcripts" / f"{id}.minutes.{kind}" for kind in kinds]
        until(lambda: all(mirror.exists() for mirror in mirrors))
        until(lambda: server.rows("SELECT mirrored FROM minutes") == [(1,)])
        assert asyncio.run(run_check(server)).problems == []
    finally:
        server.close()
