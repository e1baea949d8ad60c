"""SIGKILL at every durable step of a delivery: nothing is lost, and everything has one id."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from tests.delivery.conftest import Scene, receiver, scene  # noqa: F401  (fixtures)
from tests.serving import ROOT
from tests.transcripts.conftest import scenario  # noqa: F401  (a fixture)


async def deliver(scene: Scene, **env: str) -> int:  # noqa: F811
    """The exit status of a server that delivers what there is."""
    url = scene.database.writer.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.faults.deliver_one", url]
    given = {**os.environ, **env}
    ended = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, env=given, capture_output=True, check=False)
    assert ended.returncode in (0, -signal.SIGKILL), ended.stderr.decode()
    return ended.returncode


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", ["delivery.rows", "delivery.claim", "delivery.result"])
async def test_a_server_killed_while_it_delivers(scene: Scene, step: str, moment: str) -> None:  # noqa: F811
    await scene.add()
    await scene.add(address=scene.receiver.url + "/second")
    for number in range(2):
        await scene.happen(number=number)

    assert await deliver(scene, CRASH_AT=f"{moment}:{step}") == -signal.SIGKILL
    await scene.elapse(minutes=2)  # the leases of the killed one end
    await scene.work()

    ids: dict[tuple[str, int], set[str]] = {}
    for one in scene.receiver.received:
        ids.setdefault((one.path, one.json["data"]["number"]), set()).add(one.headers["webhook-id"])
    assert {event: len(found) for event, found in ids.items()} == {
        (path, number): 1 for path in ("/hook", "/hook/second") for number in range(2)
    }
    assert [one.status for one in await scene.deliveries()] == ["delivered"] * 4
