"""A server that dies around the commit of what happened, and listeners at another server: each event is told once."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backend.events.bus import Happening, Listener
from tests.databases import DatabaseServer, kinds_for_several_servers
from tests.events.test_two_servers import server as other_server
from tests.faults.conftest import play
from tests.serving import Server


@pytest.fixture(params=kinds_for_several_servers()[:1])
def server(
    request: pytest.FixtureRequest, tmp_path: Path, database_servers: Callable[[str], DatabaseServer]
) -> Iterator[Server]:
    timeouts = {"RESCUE_SECONDS": "2", "HEARTBEAT_SECONDS": "0.3", "SCRIPT": str(tmp_path / "script.json")}
    server = Server(tmp_path, DATABASE_URL=database_servers(request.param).create(), **timeouts)
    play(server)
    yield server
    server.close()


async def events_until_renamed(listener: Listener) -> list[int]:
    """The positions of all events that are told, until a recording was renamed."""
    told: list[int] = []
    async for news in listener:
        if isinstance(news, Happening):
            told.append(news.position)
            if news.event["kind"] == "recording.renamed":
                break
    return told


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", ["publish"])
async def test_every_event_of_a_killed_server_is_told_once_to_every_listener_of_another(
    server: Server, recording: Path, step: str, moment: str
) -> None:
    def work_die_and_go_on() -> None:
        id, job = server.upload(recording)
        server.wait_for_death()
        server.start()
        assert server.ended(job, 180)["status"] == "done"
        server.client.patch(f"/api/recordings/{id}", json={"name": "周会"}).raise_for_status()

    await asyncio.to_thread(server.start, CRASH_AT=f"{moment}:{step}")
    async with other_server(server.env["DATABASE_URL"]) as other:
        with other.bus.listen(None) as one, other.bus.listen(None) as two:
            other.notifier.wake()
            listening = [asyncio.create_task(events_until_renamed(listener)) for listener in (one, two)]
            await asyncio.to_thread(work_die_and_go_on)
            told = await asyncio.wait_for(asyncio.gather(*listening), 60)

    rows = await asyncio.to_thread(server.rows, "SELECT position, kind FROM events ORDER BY position")
    assert [position for position, _ in rows] == list(range(1, len(rows) + 1))
    expected = [(position, kind) for position, kind in rows if not kind.startswith("job.")]
    assert told == [[position for position, _ in expected]] * 2
    kinds = [kind for _, kind in expected]
    assert kinds == ["recording.created", "transcript.published", "recording.renamed"]
