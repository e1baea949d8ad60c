"""A power cut at any moment: what was acknowledged is on the disk, and the check finds no problems."""

import asyncio
import os
import random
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from backend.ffmpeg import ffmpeg_path
from backend.housekeeping.check import check_installation
from backend.jobs.queue import Limits
from tests.faults.conftest import SENTENCES, play
from tests.faults.simulated_disk import CALLS, Disk, calls
from tests.faults.traced_server import TracedServer
from tests.serving import Server, until
from tests.tus import create_recording, create_upload, send_chunk

SEED = int(os.environ.get("POWER_SEED", "6"))
POINTS = int(os.environ.get("POWER_POINTS", "200"))

Rows = Callable[[str, str], list[Any]]


@dataclass(slots=True)
class AcknowledgedFact:
    """What was acknowledged with answer number `since`, and holds until answer number `until`."""

    what: str
    since: int
    holds: Callable[[Rows, Path], bool]
    until: int = 1 << 30


class RecordedServer(TracedServer):
    """A server whose file changes are traced, with the facts that its answers acknowledge."""

    def __init__(self, folder: Path, **settings: str) -> None:
        super().__init__(folder, **settings)
        self.trace = folder.parent / f"{folder.name}.trace"
        self.strace_options = ("-y", "-s", "10000000", "-e", f"trace={','.join(CALLS)}", "-o", str(self.trace))
        self.answers: list[str] = []  #: ids of requests, in the order in which they were answered
        self.facts: list[AcknowledgedFact] = []

    def record_answer(self, answer: httpx.Response) -> None:
        self.answers.append(answer.headers["X-Request-Id"])

    def record_fact(self, what: str, holds: Callable[[Rows, Path], bool]) -> AcknowledgedFact:
        self.facts.append(AcknowledgedFact(what, len(self.answers), holds))
        return self.facts[-1]


@dataclass(frozen=True, slots=True)
class History:
    """The history of an installation: its files at the start, all calls after that, and all answers."""

    before: Path
    folder: Path
    trace: Path
    answers: list[str]
    facts: list[AcknowledgedFact]


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory, prepared: Server) -> History:
    if shutil.which("strace") is None:
        pytest.skip("needs strace")
    folder = tmp_path_factory.mktemp("history") / "installation"
    folder.mkdir()
    shutil.copy(prepared.folder / "server.db", folder)
    server = RecordedServer(folder, SCRIPT=str(folder / "script.json"), HEARTBEAT_SECONDS="1")
    server.client.headers["Authorization"] = prepared.client.headers["Authorization"]
    play(server, sentences=SENTENCES[:3], transcribe={}, diarize={})
    before = Path(shutil.copytree(folder, folder.parent / "before"))
    try:
        server.start()
        server.client.event_hooks["response"].append(server.record_answer)
        _use_server(server, folder.parent)
        assert server.stop() == 0
    finally:
        server.close()
    return History(before, folder, server.trace, server.answers, server.facts)


def _use_server(server: RecordedServer, folder: Path) -> None:
    """A form, an upload in three chunks, two uploads that become one recording, an edit, the trash, a delete."""
    contents = [_sound(folder, 300 + 50 * number) for number in range(5)]
    first, job = _taken(server, server.client.post("/api/recordings", files={"file": ("一.wav", contents[0])}))
    _stored(server, first, job, contents[0])
    uploads = [_uploaded(server, content, pieces) for content, pieces in zip(contents[1:3], (3, 1), strict=True)]
    for fact in [fact for _, facts in uploads for fact in facts]:
        fact.until = len(server.answers)  # from here on it may be a recording already
    answer = create_recording(server.client, *(id for id, _ in uploads), key="both")
    second, both_job = _taken(server, answer)
    _stored(server, second, both_job, None)
    _transcribed(server, first, job)
    _transcribed(server, second, both_job)
    _edited(server, first)
    third, job = _taken(server, server.client.post("/api/recordings", files={"file": ("三.wav", contents[3])}))
    deleted_facts = _stored(server, third, job, contents[3])
    deleted_facts += _transcribed(server, third, job)
    server.client.post(f"/api/recordings/{third}/jobs", json={"max_speakers": 4}).raise_for_status()
    until(lambda: _mirrored(server, first) and _mirrored(server, second))
    for fact in deleted_facts:
        fact.until = len(server.answers)
    server.client.delete(f"/api/recordings/{third}", params={"for_good": True}).raise_for_status()
    server.record_fact("deleted for good", lambda rows, _: rows("SELECT 1 FROM recordings WHERE id = ?", third) == [])
    server.client.delete(f"/api/recordings/{second}").raise_for_status()
    trashed = "SELECT trashed_at IS NOT NULL FROM recordings WHERE id = ?"
    server.record_fact("put in the trash", lambda rows, _: rows(trashed, second) == [(1,)])
    half = create_upload(server.client, len(contents[4])).headers["Location"]
    send_chunk(server.client, half, 0, contents[4][:20_000]).raise_for_status()
    server.client.get("/api/recordings").raise_for_status()


def _taken(server: RecordedServer, answer: httpx.Response) -> tuple[str, str]:
    assert answer.status_code == 201, answer.text
    return answer.json()["recording"]["id"], answer.json()["job"]["id"]


def _stored(server: RecordedServer, id: str, job: str, content: bytes | None) -> list[AcknowledgedFact]:
    row = server.record_fact(
        "the recording", lambda rows, _: rows("SELECT 1 FROM recordings WHERE id = ?", id) == [(1,)]
    )
    queued = server.record_fact("its job", lambda rows, _: rows("SELECT 1 FROM jobs WHERE id = ?", job) == [(1,)])
    if content is None:
        return [row, queued]
    bytes_there = server.record_fact(
        "its file", lambda _, installation: _read(installation / "uploads" / id / "original.wav") == content
    )
    return [row, queued, bytes_there]


def _uploaded(server: RecordedServer, content: bytes, pieces: int) -> tuple[str, list[AcknowledgedFact]]:
    place = create_upload(server.client, len(content)).headers["Location"]
    id = place.rpartition("/")[2]
    step = -(-len(content) // pieces)
    facts = []
    for at in range(0, len(content), step):
        piece = content[at : at + step]
        assert send_chunk(server.client, place, at, piece).status_code == 204
        facts.append(_arrived(server, id, content[: at + len(piece)]))
    return id, facts


def _arrived(server: RecordedServer, id: str, so_far: bytes) -> AcknowledgedFact:
    def holds(rows: Rows, installation: Path) -> bool:
        [[received]] = rows("SELECT received FROM uploads WHERE id = ?", id) or [[-1]]
        return received >= len(so_far) and _read(installation / "uploads" / "incoming" / id).startswith(so_far)

    return server.record_fact("a piece", holds)


def _transcribed(server: RecordedServer, id: str, job: str) -> list[AcknowledgedFact]:
    assert server.ended(job)["status"] == "done"
    done = "SELECT status FROM jobs WHERE id = ?"
    versions = "SELECT count(*) FROM transcripts WHERE job_id = ?"
    return [
        server.record_fact("the job's end", lambda rows, _: rows(done, job) == [("done",)]),
        server.record_fact("its transcript", lambda rows, _: rows(versions, job) == [(1,)]),
    ]


def _edited(server: RecordedServer, id: str) -> None:
    server.client.patch(f"/api/recordings/{id}", json={"name": "新名.wav"}).raise_for_status()
    named = "SELECT name FROM recordings WHERE id = ?"
    server.record_fact("a new name", lambda rows, _: rows(named, id) == [("新名.wav",)])


def _mirrored(server: RecordedServer, id: str) -> bool:
    return server.rows(f"SELECT min(mirrored) FROM transcripts WHERE recording_id = '{id}'") == [(1,)]  # noqa: S608


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def _sound(folder: Path, pitch: int) -> bytes:
    path = folder / f"{pitch}.wav"
    tone = ["-f", "lavfi", "-i", f"sine=frequency={pitch}:duration=3", "-ar", "8000"]
    subprocess.run([ffmpeg_path(), "-v", "error", "-y", *tone, str(path)], check=True)
    return path.read_bytes()


def test_a_power_cut_at_any_moment_loses_nothing_that_was_acknowledged(history: History) -> None:
    points, seen = _points(history), 0
    with tempfile.TemporaryDirectory(dir=history.folder.parent) as room:
        for number, answered, rng, disk in _cuts(history, points):
            installation = Path(room) / str(number)
            disk.write_after_power_cut(installation, rng)
            wrong = _problems(history, installation, answered)
            assert wrong == [], f"cut at change {number} (POWER_SEED={SEED}, {'by rng' if rng else 'strict'}): {wrong}"
            shutil.rmtree(installation)
            seen += 1
    assert seen >= min(POINTS, 200)
    assert len(history.facts) >= 15


def _changes(history: History) -> Iterator[tuple[int, int, Disk]]:
    """The disk after each change, with the number of answers sent before the next."""
    disk, number, answered = Disk(history.folder), 0, 0
    disk.tree = Disk(history.before).tree
    waiting = {id: index for index, id in enumerate(history.answers, 1)}
    for process, call, arguments, result in calls(history.trace):
        if call in ("write", "sendto", "sendmsg", "writev") and "x-request-id: " in (headers := arguments.lower()):
            id = headers.partition("x-request-id: ")[2][:32]
            if index := waiting.pop(id, 0):
                answered = index
                yield number, answered, disk
            continue
        if disk.do(process, call, arguments, result):
            number += 1
            yield number, answered, disk
    assert waiting == {}, f"{len(waiting)} answers are not in the trace"


def _points(history: History) -> set[int]:
    """Changes at which the power goes: drawn by lot, and all that an answer follows."""
    last, after = 0, set()
    answered = 0
    for number, now, _ in _changes(history):
        if now != answered:
            after.add(number)
        answered, last = now, number
    drawn = random.Random(SEED).sample(range(1, last + 1), min(POINTS, last))
    return {*drawn, *(after if POINTS >= 200 else ())}


def _cuts(history: History, points: set[int]) -> Iterator[tuple[int, int, random.Random | None, Disk]]:
    for number, answered, disk in _changes(history):
        if number in points:
            yield number, answered, None, disk
            if number % 2:
                yield number, answered, random.Random(SEED * 1_000_003 + number), disk


def _problems(history: History, installation: Path, answered: int) -> list[str]:
    with _rows(installation) as rows:
        assert rows("PRAGMA integrity_check", "") == [("ok",)]
        wrong = [
            fact.what
            for fact in history.facts
            if fact.since <= answered < fact.until and not fact.holds(rows, installation)
        ]  # fmt: skip
    report = asyncio.run(
        check_installation(f"sqlite:///{installation}/server.db", installation / "uploads", limits=Limits())
    )
    return wrong + [f"{problem.invariant} {problem.what}" for problem in report.problems]


@contextmanager
def _rows(installation: Path) -> Iterator[Rows]:
    with closing(sqlite3.connect(installation / "server.db")) as database:
        yield lambda query, id: database.execute(query, (id,) if id else ()).fetchall()
