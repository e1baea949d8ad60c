"""The power goes at any moment: what was acknowledged until then is on the disk, and the house is in order."""

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
from backend.housekeeping.check import check_house
from backend.jobs.queue import Limits
from tests.faults.conftest import SENTENCES, play
from tests.faults.disk import CALLS, Disk, calls
from tests.faults.watched import Watched
from tests.serving import Server, until
from tests.tus import begin, make, send

SEED = int(os.environ.get("POWER_SEED", "6"))
POINTS = int(os.environ.get("POWER_POINTS", "200"))

Rows = Callable[[str, str], list[Any]]


@dataclass(slots=True)
class Fact:
    """What was acknowledged with the answer of number `since`; asked no more from the answer `until` on."""

    what: str
    since: int
    holds: Callable[[Rows, Path], bool]
    until: int = 1 << 30


class Told(Watched):
    """A server whose every change of a file is written down, with what people were told."""

    def __init__(self, folder: Path, **settings: str) -> None:
        super().__init__(folder, **settings)
        self.trace = folder.parent / f"{folder.name}.trace"
        self.watch = ("-y", "-s", "10000000", "-e", f"trace={','.join(CALLS)}", "-o", str(self.trace))
        self.answers: list[str] = []  #: ids of requests, in the order in which they were answered
        self.facts: list[Fact] = []

    def note(self, answer: httpx.Response) -> None:
        self.answers.append(answer.headers["X-Request-Id"])

    def learn(self, what: str, holds: Callable[[Rows, Path], bool]) -> Fact:
        self.facts.append(Fact(what, len(self.answers), holds))
        return self.facts[-1]


@dataclass(frozen=True, slots=True)
class Day:
    """What happened to a house: where it began, all calls after that, and what people were told."""

    before: Path
    folder: Path
    trace: Path
    answers: list[str]
    facts: list[Fact]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory, furnished: Server) -> Day:
    if shutil.which("strace") is None:
        pytest.skip("strace is not here")
    folder = tmp_path_factory.mktemp("day") / "house"
    folder.mkdir()
    shutil.copy(furnished.folder / "house.db", folder)
    server = Told(folder, SCRIPT=str(folder / "script.json"), HEARTBEAT_SECONDS="1")
    server.client.headers["Authorization"] = furnished.client.headers["Authorization"]
    play(server, sentences=SENTENCES[:3], transcribe={}, diarize={})
    before = Path(shutil.copytree(folder, folder.parent / "before"))
    try:
        server.start()
        server.client.event_hooks["response"].append(server.note)
        _live(server, folder.parent)
        assert server.stop() == 0
    finally:
        server.close()
    return Day(before, folder, server.trace, server.answers, server.facts)


def _live(server: Told, folder: Path) -> None:
    """A form, an upload in three pieces, two uploads that become one recording, an edit, the trash, a delete."""
    contents = [_sound(folder, 300 + 50 * number) for number in range(5)]
    first, job = _taken(server, server.client.post("/api/recordings", files={"file": ("一.wav", contents[0])}))
    _stored(server, first, job, contents[0])
    uploads = [_uploaded(server, content, pieces) for content, pieces in zip(contents[1:3], (3, 1), strict=True)]
    for fact in [fact for _, facts in uploads for fact in facts]:
        fact.until = len(server.answers)  # from now on it may have become a recording
    answer = make(server.client, *(id for id, _ in uploads), key="both")
    second, both_job = _taken(server, answer)
    _stored(server, second, both_job, None)
    _heard(server, first, job)
    _heard(server, second, both_job)
    _edited(server, first)
    third, job = _taken(server, server.client.post("/api/recordings", files={"file": ("三.wav", contents[3])}))
    gone = _stored(server, third, job, contents[3])
    gone += _heard(server, third, job)
    server.client.post(f"/api/recordings/{third}/jobs", json={"max_speakers": 4}).raise_for_status()
    until(lambda: _mirrored(server, first) and _mirrored(server, second))
    for fact in gone:
        fact.until = len(server.answers)
    server.client.delete(f"/api/recordings/{third}", params={"for_good": True}).raise_for_status()
    server.learn("deleted for good", lambda rows, _: rows("SELECT 1 FROM recordings WHERE id = ?", third) == [])
    server.client.delete(f"/api/recordings/{second}").raise_for_status()
    trashed = "SELECT trashed_at IS NOT NULL FROM recordings WHERE id = ?"
    server.learn("put in the trash", lambda rows, _: rows(trashed, second) == [(1,)])
    half = begin(server.client, len(contents[4])).headers["Location"]
    send(server.client, half, 0, contents[4][:20_000]).raise_for_status()
    server.client.get("/api/recordings").raise_for_status()


def _taken(server: Told, answer: httpx.Response) -> tuple[str, str]:
    assert answer.status_code == 201, answer.text
    return answer.json()["recording"]["id"], answer.json()["job"]["id"]


def _stored(server: Told, id: str, job: str, content: bytes | None) -> list[Fact]:
    row = server.learn("the recording", lambda rows, _: rows("SELECT 1 FROM recordings WHERE id = ?", id) == [(1,)])
    queued = server.learn("its job", lambda rows, _: rows("SELECT 1 FROM jobs WHERE id = ?", job) == [(1,)])
    if content is None:
        return [row, queued]
    bytes_there = server.learn("its file", lambda _, house: _read(house / "uploads" / id / "original.wav") == content)
    return [row, queued, bytes_there]


def _uploaded(server: Told, content: bytes, pieces: int) -> tuple[str, list[Fact]]:
    place = begin(server.client, len(content)).headers["Location"]
    id = place.rpartition("/")[2]
    step = -(-len(content) // pieces)
    facts = []
    for at in range(0, len(content), step):
        piece = content[at : at + step]
        assert send(server.client, place, at, piece).status_code == 204
        facts.append(_arrived(server, id, content[: at + len(piece)]))
    return id, facts


def _arrived(server: Told, id: str, so_far: bytes) -> Fact:
    def holds(rows: Rows, house: Path) -> bool:
        [[received]] = rows("SELECT received FROM uploads WHERE id = ?", id) or [[-1]]
        return received >= len(so_far) and _read(house / "uploads" / "incoming" / id).startswith(so_far)

    return server.learn("a piece", holds)


def _heard(server: Told, id: str, job: str) -> list[Fact]:
    assert server.ended(job)["status"] == "done"
    done = "SELECT status FROM jobs WHERE id = ?"
    versions = "SELECT count(*) FROM transcripts WHERE job_id = ?"
    return [
        server.learn("the job's end", lambda rows, _: rows(done, job) == [("done",)]),
        server.learn("its transcript", lambda rows, _: rows(versions, job) == [(1,)]),
    ]


def _edited(server: Told, id: str) -> None:
    server.client.patch(f"/api/recordings/{id}", json={"name": "新名.wav"}).raise_for_status()
    named = "SELECT name FROM recordings WHERE id = ?"
    server.learn("a new name", lambda rows, _: rows(named, id) == [("新名.wav",)])


def _mirrored(server: Told, id: str) -> bool:
    return server.rows(f"SELECT min(mirrored) FROM transcripts WHERE recording_id = '{id}'") == [(1,)]  # noqa: S608


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def _sound(folder: Path, pitch: int) -> bytes:
    path = folder / f"{pitch}.wav"
    tone = ["-f", "lavfi", "-i", f"sine=frequency={pitch}:duration=3", "-ar", "8000"]
    subprocess.run([ffmpeg_path(), "-v", "error", "-y", *tone, str(path)], check=True)
    return path.read_bytes()


def test_whenever_the_power_goes_nothing_that_was_acknowledged_is_lost(day: Day) -> None:
    points, seen = _points(day), 0
    with tempfile.TemporaryDirectory(dir=day.folder.parent) as room:
        for number, answered, lot, disk in _cuts(day, points):
            house = Path(room) / str(number)
            disk.cut(house, lot)
            wrong = _wrong(day, house, answered)
            assert wrong == [], f"cut at change {number} (POWER_SEED={SEED}, {'by lot' if lot else 'strict'}): {wrong}"
            shutil.rmtree(house)
            seen += 1
    assert seen >= min(POINTS, 200)
    assert len(day.facts) >= 15


def _changes(day: Day) -> Iterator[tuple[int, int, Disk]]:
    """The disk after each change, with the number of answers given before the next."""
    disk, number, answered = Disk(day.folder), 0, 0
    disk.tree = Disk(day.before).tree
    waiting = {id: index for index, id in enumerate(day.answers, 1)}
    for process, call, said, result in calls(day.trace):
        if call in ("write", "sendto", "sendmsg", "writev") and "x-request-id: " in (headers := said.lower()):
            id = headers.partition("x-request-id: ")[2][:32]
            if index := waiting.pop(id, 0):
                answered = index
                yield number, answered, disk
            continue
        if disk.do(process, call, said, result):
            number += 1
            yield number, answered, disk
    assert waiting == {}, f"{len(waiting)} answers are not in the trace"


def _points(day: Day) -> set[int]:
    """Changes at which the power goes: drawn by lot, and all that an answer follows."""
    last, after = 0, set()
    answered = 0
    for number, now, _ in _changes(day):
        if now != answered:
            after.add(number)
        answered, last = now, number
    drawn = random.Random(SEED).sample(range(1, last + 1), min(POINTS, last))
    return {*drawn, *(after if POINTS >= 200 else ())}


def _cuts(day: Day, points: set[int]) -> Iterator[tuple[int, int, random.Random | None, Disk]]:
    for number, answered, disk in _changes(day):
        if number in points:
            yield number, answered, None, disk
            if number % 2:
                yield number, answered, random.Random(SEED * 1_000_003 + number), disk


def _wrong(day: Day, house: Path, answered: int) -> list[str]:
    with _rows(house) as rows:
        assert rows("PRAGMA integrity_check", "") == [("ok",)]
        wrong = [
            fact.what
            for fact in day.facts
            if fact.since <= answered < fact.until and not fact.holds(rows, house)
        ]  # fmt: skip
    report = asyncio.run(check_house(f"sqlite:///{house}/house.db", house / "uploads", limits=Limits()))
    return wrong + [f"{problem.invariant} {problem.what}" for problem in report.problems]


@contextmanager
def _rows(house: Path) -> Iterator[Rows]:
    with closing(sqlite3.connect(house / "house.db")) as database:
        yield lambda query, id: database.execute(query, (id,) if id else ()).fetchall()
