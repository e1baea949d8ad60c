"""A job that is cancelled in any stage ends once; a missing input fails only its own job."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from backend.database import Database
from backend.jobs import queue
from backend.jobs.queue import FencingError, JobFinal, Limits
from backend.jobs.tables import Job, Status
from tests.faults.conftest import play
from tests.faults.test_kill import engines
from tests.jobs.conftest import MakeRecording, recording_of  # noqa: F401  (a fixture)
from tests.serving import Server, until

LIMITS = Limits()


def test_a_job_cancelled_while_its_engines_hang_stops_and_leaves_no_child(server: Server, recording: Path) -> None:
    hang = {"steps": {"1": {"hang": True}}}
    play(server, transcribe=hang, diarize=hang)
    server.start()
    _, job = server.upload(recording)
    until(lambda: {"transcribe", "diarize"} <= {one["name"] for one in server.job(job)["stages"]})

    answers = [server.client.post(f"/api/jobs/{job}/cancel") for _ in range(2)]
    until(lambda: not engines(server))

    assert [answer.status_code for answer in answers] == [200, 409]
    assert answers[1].json()["code"] == "job_final"
    assert server.job(job)["status"] == "cancelled"
    assert server.client.get("/api/queue").json()["running"] == 0


async def test_a_job_cancelled_while_it_ends_is_either_done_or_cancelled(
    database: Database, recording_of: MakeRecording  # noqa: F811
) -> None:  # fmt: skip
    for _ in range(10):
        recording = await recording_of("ann")
        async with database.write() as session:
            await queue.add(session, owner_id="ann", recording_id=recording, options={}, limits=LIMITS)
            job = await queue.claim(session, runner="here:1:1.00", limits=LIMITS)
        assert job is not None
        won: list[Status] = []

        async def finish(job: Job = job, won: list[Status] = won) -> None:
            with suppress(FencingError):
                async with database.write() as session:
                    await queue.finish(session, job, Status.DONE)
                won.append(Status.DONE)

        async def cancel(job: Job = job, won: list[Status] = won) -> None:
            with suppress(JobFinal):
                async with database.write() as session:
                    await queue.cancel(session, job)
                won.append(Status.CANCELLED)

        await asyncio.gather(finish(), cancel())

        async with database.read() as session:
            assert [Status((await session.get_one(Job, job.id)).status)] == won


@pytest.mark.parametrize("how", ["removed", "truncated"])
def test_a_missing_input_fails_only_its_own_job(server: Server, recording: Path, how: str) -> None:
    play(server, transcribe={"steps": {"3": {"hang": True, "once": str(server.folder / "hung")}}})
    server.start(JOB_QUEUE_MAX_CONCURRENT="1")
    _, first = server.upload(recording)
    until((server.folder / "hung").exists)
    hurt, second = server.upload(recording)
    _, third = server.upload(recording)
    original = server.folder / "uploads" / hurt / "original.wav"
    original.unlink() if how == "removed" else original.write_bytes(recording.read_bytes()[:30])

    server.client.post(f"/api/jobs/{first}/cancel").raise_for_status()

    state = server.ended(second)
    assert state["status"] == "failed"
    assert state["error"]["code"] == "input_missing" if how == "removed" else state["error"]["code"]
    assert server.ended(third)["status"] == "done"
