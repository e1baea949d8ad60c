"""Faults are injected into a server at random while clients use it; then everything it promised them is checked."""

import asyncio
import json
import random
import secrets
import signal
import tempfile
import threading
import time
import wave
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import psutil
from rich.console import Console

from backend.housekeeping.check import check_installation
from backend.jobs.queue import Limits
from benchmarks.machine import describe
from tests.faults.conftest import SENTENCES
from tests.serving import Server, until
from tests.tus import TUS_HEADERS, create_recording, create_upload, send_chunk

PEOPLE = 3
#: Answers after which a client repeats its request.
_RETRYABLE = (423, 429, 500, 502, 503, 507)


@dataclass(slots=True)
class Recording:
    """What the server answered the owner of one recording, in order."""

    sha256: str
    job: str
    answers: list[str] = field(default_factory=list)

    @property
    def deleted(self) -> bool:
        return "deleted" in self.answers


@dataclass(slots=True)
class History:
    """Written by every thread, read at the end."""

    recordings: dict[str, Recording] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    finished: threading.Event = field(default_factory=threading.Event)


class Person(threading.Thread):
    """Uploads, cancels, deletes, restores and retries at random; repeats requests while the server is down."""

    def __init__(self, number: int, seed: int, server: Server, history: History, sound: bytes) -> None:
        super().__init__(name=f"person {number}")
        self.random_source = random.Random(f"{seed}/{number}")
        self.server, self.history, self.sound = server, history, sound
        self.recordings: list[str] = []
        self.client = httpx.Client(timeout=20, headers=dict(server.client.headers))

    def run(self) -> None:
        acts = [self._send, self._send, self._cancel, self._trash, self._remove, self._again]
        try:
            while not self.history.finished.is_set():
                self.random_source.choice(acts)()
        except Exception as error:
            self.history.violations.append(f"{self.name}: {error!r}")
        finally:
            self.client.close()

    def _ask(self, work: Callable[[], httpx.Response]) -> httpx.Response:
        """Repeat the request until the server gives a final answer."""
        deadline = time.monotonic() + 120
        while True:
            with suppress(httpx.TransportError):
                self.client.base_url = self.server.client.base_url
                answer = work()
                if answer.status_code not in _RETRYABLE:
                    return answer
                self.history.counts[f"told {answer.status_code}"] += 1
            if time.monotonic() > deadline:
                raise TimeoutError("the server did not come back")
            time.sleep(0.1 + self.random_source.random() / 4)

    def _send(self) -> None:
        noise = self.random_source.randbytes(2000)
        content = self.sound[:-2000] + noise
        place = self._ask(lambda: create_upload(self.client, len(content))).headers["Location"]
        offset = 0
        while offset < len(content):
            reached = self._piece(place, content, offset)
            if reached is None:
                self.history.violations.append("LOST an upload")
                return
            if reached < offset:
                self.history.violations.append(f"LOST bytes of an upload: {reached} after {offset}")
            offset = reached
        id = place.rpartition("/")[2]
        key = secrets.token_hex(8)
        answer = self._ask(lambda: create_recording(self.client, id, key=key, allow_duplicate=True))
        if answer.status_code != 201:
            self.history.violations.append(f"LOST a recording: {answer.status_code} {answer.text[:200]}")
            return
        taken = answer.json()
        recording = taken["recording"]["id"]
        again = self._ask(lambda: create_recording(self.client, id, key=key, allow_duplicate=True)).json()
        if again["recording"]["id"] != recording:
            self.history.violations.append("DUPLICATED a recording")
        self.history.recordings[recording] = Recording(sha256(content).hexdigest(), taken["job"]["id"], ["taken"])
        self.history.counts["recordings"] += 1
        self.recordings.append(recording)

    def _piece(self, place: str, content: bytes, at: int) -> int | None:
        """Send a part, sometimes cutting the connection; returns the offset that the server then has."""
        end = min(len(content), at + self.random_source.randrange(1, len(content)))
        cut = self.random_source.random() < 0.3

        def body() -> Iterator[bytes]:
            for start in range(at, end, 16384):
                if cut and start > at:
                    raise httpx.WriteError("the connection is cut")
                yield content[start : min(end, start + 16384)]

        with suppress(httpx.TransportError):
            self.client.base_url = self.server.client.base_url
            if send_chunk(self.client, place, at, body()).status_code == 204:
                return end
        self.history.counts["pieces cut"] += 1
        answer = self._ask(lambda: self.client.head(place, headers=TUS_HEADERS))
        return int(answer.headers["Upload-Offset"]) if answer.status_code == 200 else None

    def _cancel(self) -> None:
        if (id := self._any()) and (record := self.history.recordings[id]):
            answer = self._ask(lambda: self.client.post(f"/api/jobs/{record.job}/cancel"))
            record.answers.append(f"cancel {answer.status_code}")
            self.history.counts["cancels"] += 1

    def _again(self) -> None:
        if (id := self._any()) and (record := self.history.recordings[id]):
            answer = self._ask(lambda: self.client.post(f"/api/jobs/{record.job}/retry"))
            record.answers.append(f"retry {answer.status_code}")
            self.history.counts["retries"] += 1

    def _trash(self) -> None:
        if id := self._any():
            self._ask(lambda: self.client.delete(f"/api/recordings/{id}"))
            self._ask(lambda: self.client.post(f"/api/trash/{id}/restore"))
            self.history.recordings[id].answers.append("trashed and restored")
            self.history.counts["trashed and restored"] += 1

    def _remove(self) -> None:
        if len(self.recordings) > 3 and (id := self._any()):
            self._ask(lambda: self.client.delete(f"/api/recordings/{id}", params={"for_good": True}))
            self.history.recordings[id].answers.append("deleted")
            self.history.counts["deletes"] += 1
            self.recordings.remove(id)

    def _any(self) -> str | None:
        return self.random_source.choice(self.recordings) if self.recordings else None


def run(seed: int, minutes: float) -> int:
    """Print what was done and what was lost; returns 1 if anything was lost, duplicated or otherwise wrong."""
    console = Console()
    console.print(describe(), highlight=False)
    console.print(f"seed {seed}, {minutes:g} minutes", highlight=False)
    history = History()
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        server = _start_server(Path(name))
        try:
            people = [Person(number, seed, server, history, _sound(Path(name))) for number in range(PEOPLE)]
            for person in people:
                person.start()
            _inject_faults(server, random.Random(f"{seed}/hurt"), history, minutes * 60)
            history.finished.set()
            for person in people:
                person.join()
            _settle(server, history)
            report = asyncio.run(check_installation(_url(server), server.folder / "uploads", limits=Limits()))
            history.violations += [
                f"{problem.invariant} {problem.subject}: {problem.what}" for problem in report.problems
            ]
        finally:
            server.close()
    for what, count in sorted(history.counts.items()):
        console.print(f"  {what}: {count}", highlight=False)
    for violation in history.violations:
        console.print(f"[red]{violation}[/]", highlight=False)
    lost = sum("LOST" in violation for violation in history.violations)
    doubled = sum("DUPLICATED" in violation for violation in history.violations)
    others = len(history.violations) - lost - doubled
    console.print(f"seed {seed}: {lost} lost, {doubled} duplicated, {others} other violations", highlight=False)
    return 1 if history.violations else 0


def _start_server(folder: Path) -> Server:
    script = {"sentences": SENTENCES, "transcribe": {"delay": 0.05}, "diarize": {"delay": 0.05}}
    (folder / "script.json").write_text(json.dumps(script), encoding="utf-8")
    server = Server(
        folder, SCRIPT=str(folder / "script.json"), HEARTBEAT_SECONDS="1", RESCUE_SECONDS="5", JOB_QUEUE_MAX_SIZE="6"
    )
    server.start()
    return server


def _inject_faults(server: Server, random_source: random.Random, history: History, seconds: float) -> None:
    """Inject one fault after the other until the time is over; leaves the server running."""
    finished = time.monotonic() + seconds
    while time.monotonic() < finished:
        time.sleep(random_source.uniform(1.5, 5.0))
        assert server.process is not None
        act = random_source.choice(
            ["server killed", "server killed", "server stopped", "server paused", "model killed"]
        )
        history.counts[act] += 1
        if act == "server killed":
            server.kill()
            server.start()
        elif act == "server stopped":
            if server.stop() != 0:
                history.violations.append("the server did not stop cleanly")
            server.start()
        elif act == "server paused":
            server.process.send_signal(signal.SIGSTOP)
            time.sleep(random_source.uniform(0.5, 3.0))
            server.process.send_signal(signal.SIGCONT)
        else:
            for child in psutil.Process(server.process.pid).children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    if "backend.engines.child" in " ".join(child.cmdline()):
                        child.kill()


def _settle(server: Server, history: History) -> None:
    """Wait for every job to end, retrying once what failed. Then compare with what the owners were answered."""
    expected = "".join(str(row["text"]) for row in SENTENCES)
    for id, record in history.recordings.items():
        if record.deleted:
            if server.client.get(f"/api/recordings/{id}").status_code != 404:
                history.violations.append(f"{id}: came back after {record.answers}")
            continue
        state = _ended(server, id, record, history)
        history.counts[f"jobs {state}"] += 1
        content = server.client.get(f"/api/recordings/{id}/original")
        if content.status_code != 200 or sha256(content.content).hexdigest() != record.sha256:
            history.violations.append(f"LOST the file of {id} after {record.answers}")
        if state == "done":
            heard = "".join(segment["text"] for segment in json.loads(server.text(id))["segments"])
            if heard != expected:
                history.violations.append(f"LOST text of {id} after {record.answers}")
    for job, attempts, versions in server.rows(
        "SELECT jobs.id, jobs.attempt, count(*) FROM transcripts JOIN jobs ON jobs.id = job_id GROUP BY 1, 2"
    ):
        retries = next((one.answers.count("retry 200") for one in history.recordings.values() if one.job == job), 0)
        if versions > 1 + retries:
            history.violations.append(f"DUPLICATED {versions} versions of {job} in {attempts} attempts")
    for (copies,) in server.rows("SELECT count(*) FROM recordings GROUP BY sha256"):
        if copies > 1:
            history.violations.append("DUPLICATED a recording")
    until(lambda: server.rows("SELECT count(*) FROM transcripts WHERE NOT mirrored") == [(0,)], 60)


def _ended(server: Server, id: str, record: Recording, history: History) -> str:
    answer = server.client.get(f"/api/jobs/{record.job}")
    if answer.status_code == 404:
        history.violations.append(f"LOST the job of {id} after {record.answers}")
        return "lost"
    state: dict[str, Any] = server.ended(record.job, 300)
    if state["status"] == "failed":
        history.counts[f"failed: {state['error']['code']}"] += 1
        until(lambda: server.client.post(f"/api/jobs/{record.job}/retry").status_code == 200, 60)
        record.answers.append("retry 200")
        state = server.ended(record.job, 300)
    if state["status"] not in ("done", "cancelled"):
        history.violations.append(f"LOST the job of {id}: {state['status']} {state['error']}")
    if state["status"] == "cancelled" and not any(
        answers.startswith(("cancel", "trashed")) for answers in record.answers
    ):
        history.violations.append(f"{id}: cancelled without a request")
    return str(state["status"])


def _sound(folder: Path) -> bytes:
    with wave.open(str(folder / "sound.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(random.Random(1).randbytes(2 * 8000 * 10))
    return (folder / "sound.wav").read_bytes()


def _url(server: Server) -> str:
    return f"sqlite:///{server.folder}/server.db"
