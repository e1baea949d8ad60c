"""`python -m tests.faults.mutants`: takes one safeguard away at a time, and sees whether a test notices."""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.serving import ROOT


@dataclass(frozen=True, slots=True)
class Mutant:
    """`text` stands in `file` exactly once, and `instead` is put in its place; `tests` should not survive that."""

    name: str
    file: str
    text: str
    instead: str
    tests: tuple[str, ...]


QUEUE = "tests/jobs/test_queue.py"
RUNNER = "tests/jobs/test_runner.py"
DOCK = "tests/recordings/test_dock.py"
SYNCS = "tests/faults/test_syncs.py"
POWER = "tests/faults/test_power.py"
WORKSPACE = "tests/jobs/test_workspace.py"
FINISHED = "tests/engines/test_finished.py"
REPEATS = "tests/jobs/test_repeats.py"
ERRORS = "tests/faults/test_database_errors.py"
FENCES = "tests/faults/test_fences.py"

_Q, _B, _D, _W = (
    "backend/jobs/queue.py",
    "backend/recordings/berth.py",
    "backend/recordings/dock.py",
    "backend/durable.py",
)
_U, _P, _I = "backend/recordings/uploads.py", "backend/recordings/parts.py", "backend/recordings/intake.py"
_A, _DB, _R, _F = (
    "backend/jobs/attempt.py",
    "backend/database.py",
    "backend/jobs/runner.py",
    "backend/recordings/files.py",
)
_S, _H, _M = "backend/jobs/workspace.py", "backend/housekeeping/shelves.py", "backend/recordings/media.py"

MUTANTS = [
    # what makes bytes and names last
    Mutant("a file is named before its bytes last", _W, "            os.fsync(file.fileno())\n", "", (SYNCS,)),
    Mutant("the name of a file does not last", _W, "        raise\n    sync_folder(path.parent)", "        raise", (SYNCS,)),
    Mutant("the name of a link does not last", _W, "        sync_folder(path.parent)\n\n\ndef sync", "\n\ndef sync", (SYNCS,)),
    Mutant("a folder is not synced at all", _W, "        os.fsync(descriptor)\n", "        pass\n", (SYNCS,)),
    Mutant("a file is written under its own name", _W, 'part = path.with_name(f".{secrets.token_hex(8)}.part")\n    try', "part = path\n    path.unlink(missing_ok=True)\n    try", (SYNCS, "tests/test_durable.py")),
    Mutant("a piece is acknowledged before it lasts", _B, "            os.fsync(self._file)\n", "            pass\n", (SYNCS,)),
    Mutant("the name of an upload does not last", _B, "                sync_folder(self._path.parent)\n", "                pass\n", (SYNCS,)),
    Mutant("the bytes of a form do not last", _I, "            os.fsync(self._file.fileno())\n", "", (SYNCS,)),
    Mutant("the name of a form's file does not last", _I, "            sync_folder(self._folder)\n", "", (SYNCS,)),
    Mutant("the folder of a form does not last", _I, "        sync_folder(self._folder.parent)\n", "", (SYNCS,)),
    Mutant("a made folder does not last", _F, "            durable.sync_folder(path.parent)\n", "", (SYNCS,)),
    Mutant("the name of a landed upload does not last", _P, "            sync_folder(path.parent)\n", "", (SYNCS,)),
    Mutant("the names of landed parts do not last", _P, "        sync_folder(paths[0].parent)\n", "", (SYNCS,)),
    Mutant("the listening copy is named before it lasts", _M, "                os.fsync(file.fileno())\n", "                pass\n", (SYNCS,)),
    Mutant("the listening copy's name does not last", _M, "            sync_folder(path.parent)\n", "", (SYNCS,)),
    Mutant("what was heard does not last", "backend/engines/finished.py", "        os.fsync(file.fileno())\n", "", (SYNCS,)),
    Mutant("the file of what was heard has no name", "backend/engines/finished.py", "            os.fsync(folder)\n", "            pass\n", (SYNCS,)),
    Mutant("a backup's files do not last", _H, "            file.flush()\n            os.fsync(file.fileno())\n\n\ndef _private_folder", "            file.flush()\n\n\ndef _private_folder", (SYNCS,)),
    Mutant("a backup's names do not last", _H, "        sync_folder(target.parent)\n        return found", "        return found", (SYNCS,)),
    Mutant("a backup's folders do not last", _H, "        path.mkdir(mode=0o700, exist_ok=True)\n        sync_folder(path.parent)\n", "        path.mkdir(mode=0o700, exist_ok=True)\n", (SYNCS,)),
    Mutant("rows do not outlive a power cut", _DB, "PRAGMA synchronous=FULL", "PRAGMA synchronous=NORMAL", ("tests/test_database.py",)),
    # fences
    Mutant("any attempt may move a job", _Q, "        query = query.where(Job.attempt == expected)\n", "        pass\n", (QUEUE, FENCES)),
    Mutant("a job may be moved from any status", _Q, "Job.status.in_([status.value for status in statuses])", "Job.status.is_not(None)", (QUEUE, FENCES)),
    Mutant("an end goes unfenced", _Q, "    await _must(_move(session, job.id, (Status.RUNNING,), job.attempt, **values))\n\n\nasync def put_back", "    await _move(session, job.id, (Status.RUNNING,), job.attempt, **values)\n\n\nasync def put_back", (QUEUE, FENCES)),
    Mutant("a put-back goes unfenced", _Q, "    await _must(_move(session, job.id, (Status.RUNNING,), job.attempt, **values))\n\n\nasync def report", "    await _move(session, job.id, (Status.RUNNING,), job.attempt, **values)\n\n\nasync def report", (QUEUE, FENCES)),
    Mutant("progress goes unfenced", _Q, "    await _must(_move(session, job.id, (Status.RUNNING,), job.attempt, beat_at=utc_now(), **values))", "    await _move(session, job.id, (Status.RUNNING,), job.attempt, beat_at=utc_now(), **values)", (QUEUE, FENCES)),
    Mutant("a claim counts no attempt", _Q, "        attempt=first.attempt + 1,\n", "        attempt=first.attempt,\n", (QUEUE, FENCES)),
    Mutant("a beat is for everybody", _Q, "mine = (Job.runner == runner) & (Job.status == Status.RUNNING.value)", "mine = Job.status == Status.RUNNING.value", (QUEUE, FENCES)),
    Mutant("who spoke at the last moment is rescued", _Q, "            continue  # it spoke at the last moment\n", "            pass\n", (QUEUE, FENCES)),
    Mutant("the limit of all is not asked", _Q, "    if sum(running.values()) >= limits.of(lane):\n        return None\n", "", (QUEUE, FENCES)),
    Mutant("the limit of one user is not asked", _Q, "    if first is None or running.get(first.owner_id, 0) >= limits.per_user:", "    if first is None:", (QUEUE, FENCES)),
    Mutant("nobody counts the deaths", _Q, 'values: dict[str, Any] = {"runner": None, "failures": job.failures + 1, "eta_seconds": None}', 'values: dict[str, Any] = {"runner": None, "eta_seconds": None}', (QUEUE, FENCES)),
    Mutant("a job never dies for good", _Q, "        if job.failures + 1 >= max_attempts:", "        if False:", (QUEUE, FENCES)),
    Mutant("a full queue takes more", _Q, "    if (waiting or 0) >= (await limits_now(session, limits)).size:", "    if False:", (QUEUE, FENCES)),
    Mutant("a job is added to what lies in the trash", _Q, "    await _must_not_be_trashed(session, recording_id)\n    await check_room(session, limits)\n    job =", "    await check_room(session, limits)\n    job =", (QUEUE, FENCES)),
    Mutant("a retry goes by the trash", _Q, "    await _must_not_be_trashed(session, job.recording_id)\n", "", (QUEUE, FENCES)),
    Mutant("claims go by the gate", _Q, "    now = now or utc_now()\n    await _pass_gate(session)\n", "    now = now or utc_now()\n", (FENCES,)),
    Mutant("additions go by the gate", _Q, "    await _pass_gate(session)\n    await _must_not_be_trashed(session, recording_id)\n", "    await _must_not_be_trashed(session, recording_id)\n", (FENCES,)),
    Mutant("rescues go by the gate", _Q, "    await _pass_gate(session)\n    gone, seen", "    gone, seen", (FENCES,)),
    Mutant("cancels go by the gate", _Q, "    await _pass_gate(session)\n    open_statuses", "    open_statuses", (FENCES,)),
    Mutant("the trash goes by the gate", _Q, "    await _pass_gate(session)\n    ended =", "    ended =", (FENCES,)),
    # transactions
    Mutant("callbacks come before the commit", _DB, '            await session.commit()\n            for callback in session.info.pop("after_commit", []):\n                callback()\n', '            for callback in session.info.pop("after_commit", []):\n                callback()\n            await session.commit()\n', ("tests/test_database.py",)),
    Mutant("a transaction begins when it first writes", _DB, '"BEGIN IMMEDIATE" if writes else "BEGIN"', '"BEGIN"', ("tests/test_database.py", FENCES)),
    Mutant("the driver begins transactions", _DB, "        connection.isolation_level = None\n", "", ("tests/test_database.py", FENCES)),
    Mutant("foreign keys are not asked", _DB, '        cursor.execute("PRAGMA foreign_keys=ON")\n', "", ("tests/test_database.py",)),
    Mutant("a version is published in a transaction of its own", _A, "            await queue.finish(session, self.job, Status.DONE, warnings=[*outcome.warnings, *refused])", "            await session.commit()\n            await queue.finish(session, self.job, Status.DONE, warnings=[*outcome.warnings, *refused])", (RUNNER, FENCES)),
    Mutant("a busy database ends a job", _A, "                if self.stopping or not is_busy(error):\n", "                if True:\n", (ERRORS + "::test_whichever_call_of_the_database_fails_the_job_is_done_once",)),
    Mutant("a job without an attempt runs for ever", _R, "            await self._reclaim(id)\n", "            pass\n", (RUNNER, ERRORS + "::test_whichever_call_of_the_database_fails_the_job_is_done_once")),
    # uploads
    Mutant("any offset will do", _D, "            if offset != upload.received:\n                raise WrongOffset(offset=upload.received)\n", "", (DOCK,)),
    Mutant("two may fill one upload", _D, "        if upload_id in self._filling:\n            raise UploadBusy(headers={\"Retry-After\": \"1\"})\n", "", (DOCK,)),
    Mutant("a piece is acknowledged, then made to last", _D, "        await asyncio.to_thread(self._berth.sync)\n        sha256 = None\n", "        sha256 = None\n", (DOCK, SYNCS)),
    Mutant("an upload is advanced from anywhere", _U, " & (Upload.received == was)", "", (DOCK, FENCES)),
    Mutant("what was not acknowledged stays in the file", _B, "            os.ftruncate(self._file, self._start)  # what a killed server had not acknowledged\n", "", (DOCK,)),
    Mutant("a file that lost bytes is gone on with", _B, "                return False\n", "                pass\n", (DOCK,)),
    Mutant("a piece with a wrong checksum is kept", _D, "            raise ChecksumMismatch\n", "            pass\n", (DOCK,)),
    Mutant("an upload becomes two recordings", _U, "    if _count(await session.execute(these.execution_options(synchronize_session=False))) != len(ids):\n        raise UploadNotFound", "    await session.execute(these.execution_options(synchronize_session=False))", (FENCES,)),
    # artifacts and answers
    Mutant("a seal is not compared", _S, 'or _sha256(self.path(name)) != seal["sha256"]', "", (WORKSPACE,)),
    Mutant("an artifact counts without a seal", _S, "        except (OSError, ValueError, KeyError, TypeError):\n            return None\n", "        except (OSError, ValueError, KeyError, TypeError):\n            return {}\n", (WORKSPACE,)),
    Mutant("a torn line counts as heard", "backend/engines/finished.py", "        if body and check == _check(body):\n", "        if body:\n", (FINISHED,)),
    Mutant("what another engine heard counts", "backend/engines/finished.py", 'if entries and entries[0] == {"fingerprint": fingerprint}:', "if entries:", (FINISHED,)),
    Mutant("a key stands for any request", "backend/jobs/repeats.py", "            if first is not None and first.asked != digest:\n                raise KeyReused\n", "", (REPEATS,)),
    Mutant("an answer is not remembered", "backend/jobs/repeats.py", "        session.add(Answered(", "        print(Answered(", (REPEATS,)),
    Mutant("two with one key go at once", "backend/jobs/repeats.py", "            async with lock:\n                yield\n", "            yield\n", (REPEATS,)),
]  # fmt: skip


@contextmanager
def planted(mutant: Mutant, tree: Path) -> Iterator[None]:
    path = tree / mutant.file
    text = path.read_text(encoding="utf-8")
    assert text.count(mutant.text) == 1, f"{mutant.name}: its text is there {text.count(mutant.text)} times"
    _put(path, text.replace(mutant.text, mutant.instead))
    try:
        yield
    finally:
        _put(path, text)


def _put(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    # What is compiled is told apart by seconds and sizes: too coarse for us.
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
        compiled.unlink()


def survives(mutant: Mutant, tree: Path) -> tuple[str | None, float]:
    """The first test that noticed it, or None; and how long that took."""
    begun = time.monotonic()
    with planted(mutant, tree):
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--tb=no", *mutant.tests]
        ran = subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=600, check=False)
    failed = [line.split()[1] for line in ran.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if ran.returncode not in (0, 1):
        raise SystemExit(f"{mutant.name}: pytest could not run\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}")
    return (failed[0].rpartition("/")[2] if failed else None), time.monotonic() - begun


@contextmanager
def _copied() -> Iterator[Path]:
    """The tree, to be spoilt."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        tree = Path(folder)
        for part in ("backend", "tests"):
            shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("node_modules"))
        for file in ("pyproject.toml", "create_super_admin.py"):
            shutil.copy(ROOT / file, tree)
        yield tree


def main(names: list[str]) -> int:
    """Print the table; those whose names hold one of `names`, or all."""
    chosen = [one for one in MUTANTS if not names or any(name in one.name for name in names)]
    caught = 0
    print("| | Mutant | Where | Caught by | s |\n|---|---|---|---|---|")
    with _copied() as tree:
        for number, mutant in enumerate(chosen, 1):
            test, seconds = survives(mutant, tree)
            caught += test is not None
            where, by = mutant.file.removeprefix("backend/"), f"`{test}`" if test else "**nobody**"
            print(f"| {number} | {mutant.name} | `{where}` | {by} | {seconds:.0f} |", flush=True)
    print(f"\n{caught} of {len(chosen)} caught ({caught / len(chosen):.0%}).")
    return 0 if caught >= 0.95 * len(chosen) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
