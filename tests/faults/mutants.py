"""`python -m tests.faults.mutants`: takes one safeguard away at a time, and sees whether a test notices."""

import re
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
SYNCS = "tests/faults/test_syncs.py::test_what_is_done_outlives_a_power_cut[acts]"
MOVING = "tests/faults/test_syncs.py::test_what_is_done_outlives_a_power_cut[moving]"
WORKSPACE = "tests/jobs/test_workspace.py"
FINISHED = "tests/engines/test_finished.py"
REPEATS = "tests/jobs/test_repeats.py"
ERRORS = "tests/faults/test_database_errors.py"
FENCES = "tests/faults/test_fences.py"
OVERTAKEN = FENCES + "::test_an_attempt_that_was_overtaken_reports_nothing_and_puts_nothing_back"
GATES = FENCES + "::test_whoever_moves_a_job_passes_the_gate"
BERTH = "tests/recordings/test_berth.py"
DATABASE = "tests/test_database.py"
LANDING = "tests/jobs/api/test_landing.py"
QUOTA = LANDING + "::test_a_quota_that_is_passed_keeps_the_upload"
FASTER = LANDING + "::test_what_another_server_has_answered_meanwhile_is_not_done_a_second_time"
SWEEPERS = "tests/housekeeping/test_sweepers.py"
INCOMING = "tests/housekeeping/test_incoming.py"
RETENTION = "tests/housekeeping/test_retention.py"
DISK_ERRORS = "tests/faults/test_disk_errors.py"
UNREADABLE = DISK_ERRORS + "::test_an_original_that_the_disk_does_not_give_back_fails_its_own_job_until_it_does"
UNKEPT = DISK_ERRORS + "::test_what_was_heard_and_could_not_be_kept_once_is_heard_again"
NO_ROOM = DISK_ERRORS + "::test_an_artifact_that_finds_no_room_lets_its_job_wait"
VERSIONS = "tests/transcripts/test_service.py"

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
_L, _T, _N = "backend/jobs/api/landing.py", "backend/jobs/api/taken.py", "backend/jobs/api/intake.py"
_X, _E, _K = "backend/housekeeping/restore.py", "backend/housekeeping/sweepers.py", "backend/housekeeping/retention.py"

MUTANTS = [
    # what makes bytes and names last
    Mutant("a file is named before its bytes last", _W, "            os.fsync(file.fileno())\n", "", (SYNCS,)),
    Mutant("the name of a file does not last", _W, "        raise\n    sync_folder(path.parent)", "        raise", (SYNCS,)),
    Mutant("the name of a link does not last", _W, "        sync_folder(path.parent)\n\n\ndef sync", "\n\ndef sync", (SYNCS,)),
    Mutant("a folder is not synced at all", _W, "        os.fsync(descriptor)\n", "        pass\n", (SYNCS,)),
    Mutant("a file is written under its own name", _W, 'part = path.with_name(f".{secrets.token_hex(8)}.part")\n    try', "part = path\n    path.unlink(missing_ok=True)\n    try", ("tests/test_durable.py",)),
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
    Mutant("a backup's files do not last", _H, "            file.flush()\n            os.fsync(file.fileno())\n\n\ndef private_folder", "            file.flush()\n\n\ndef private_folder", (SYNCS,)),
    Mutant("a backup's names do not last", _H, "        sync_folder(target.parent)\n        return found", "        return found", (SYNCS,)),
    Mutant("a backup's folders do not last", _H, "        path.mkdir(mode=0o700, exist_ok=True)\n        sync_folder(path.parent)\n", "        path.mkdir(mode=0o700, exist_ok=True)\n", (SYNCS,)),
    Mutant("a manifest's name does not last", _H, "        sync_folder(self.root)\n", "", (SYNCS,)),
    Mutant("a backup's own name does not last", _H, "        yield FolderShelf(target)\n        sync_folder(target.parent)\n", "        yield FolderShelf(target)\n", (SYNCS,)),
    Mutant("the name of a tar does not last", _H, "        raise\n    sync_folder(target.parent)\n", "        raise\n", (SYNCS,)),
    Mutant("a copy in place of a second name does not last", _P, "            os.fsync(file.fileno())\n", "            pass\n", (SYNCS,)),
    Mutant("an upload that was given up comes back", _D, "            if self.storage.incoming.is_dir():\n                sync_folder(self.storage.incoming)\n", "", (SYNCS,)),
    Mutant("an upload that has expired comes back", "backend/housekeeping/incoming.py", "    sync_folder(storage.incoming)\n", "", (SYNCS,)),
    Mutant("a deleted recording comes back", _F, "        if self.root.exists():\n            durable.sync_folder(self.root)\n", "", (SYNCS,)),
    Mutant("a deleted mirror comes back", _F, "            if mirrors.exists():\n                durable.sync_folder(mirrors)\n", "", (SYNCS,)),
    Mutant("what was swept comes back", "backend/housekeeping/disk.py", "        if path.parent.exists():\n            sync_folder(path.parent)\n", "", (SYNCS,)),
    Mutant("the names of restored files do not last", _X, "            sync_folder(Path(below))\n", "            pass\n", (MOVING,)),
    Mutant("the folders of restored recordings do not last", _X, "    sync_folder(uploads_dir)\n", "", (MOVING,)),
    Mutant("the name of a restored database does not last", _X, "            sync_folder(path.absolute().parent)\n", "", (MOVING,)),
    Mutant("rows do not outlive a power cut", _DB, "PRAGMA synchronous=FULL", "PRAGMA synchronous=NORMAL", ("tests/test_database.py",)),
    # fences
    Mutant("any attempt may move a job", _Q, "        query = query.where(Job.attempt == expected)\n", "        pass\n", (QUEUE, FENCES)),
    Mutant("a job may be moved from any status", _Q, "Job.status.in_([status.value for status in statuses])", "Job.status.is_not(None)", (QUEUE, FENCES)),
    Mutant("an end goes unfenced", _Q, "    await _must(_move(session, job.id, (Status.RUNNING,), job.attempt, **values))\n\n\nasync def put_back", "    await _move(session, job.id, (Status.RUNNING,), job.attempt, **values)\n\n\nasync def put_back", (QUEUE, FENCES)),
    Mutant("a put-back goes unfenced", _Q, "    await _must(_move(session, job.id, (Status.RUNNING,), job.attempt, **values))\n\n\nasync def report", "    await _move(session, job.id, (Status.RUNNING,), job.attempt, **values)\n\n\nasync def report", (OVERTAKEN,)),
    Mutant("progress goes unfenced", _Q, "    await _must(_move(session, job.id, (Status.RUNNING,), job.attempt, beat_at=utc_now(), **values))", "    await _move(session, job.id, (Status.RUNNING,), job.attempt, beat_at=utc_now(), **values)", (OVERTAKEN,)),
    Mutant("a claim counts no attempt", _Q, "        attempt=first.attempt + 1,\n", "        attempt=first.attempt,\n", (QUEUE, FENCES)),
    Mutant("a beat is for everybody", _Q, "mine = (Job.runner == runner) & (Job.status == Status.RUNNING.value)", "mine = Job.status == Status.RUNNING.value", (QUEUE, FENCES)),
    Mutant("who spoke at the last moment is rescued", _Q, "            continue  # it spoke at the last moment\n", "            pass\n", (QUEUE, FENCES)),
    Mutant("the limit of all is not asked", _Q, "    if sum(running.values()) >= limits.of(lane):\n        return None\n", "", (QUEUE, FENCES)),
    Mutant("the limit of one user is not asked", _Q, "    if first is None or running.get(first.owner_id, 0) >= limits.per_user:", "    if first is None:", (QUEUE,)),
    Mutant("nobody counts the deaths", _Q, 'values: dict[str, Any] = {"runner": None, "failures": job.failures + 1, "eta_seconds": None}', 'values: dict[str, Any] = {"runner": None, "eta_seconds": None}', (QUEUE, FENCES)),
    Mutant("a job never dies for good", _Q, "        if job.failures + 1 >= max_attempts:", "        if False:", (QUEUE, FENCES)),
    Mutant("a full queue takes more", _Q, "    if (waiting or 0) >= (await limits_now(session, limits)).size:", "    if False:", (QUEUE, FENCES)),
    Mutant("a job is added to what lies in the trash", _Q, "    await _must_not_be_trashed(session, recording_id)\n    await check_room(session, limits)\n    job =", "    await check_room(session, limits)\n    job =", (QUEUE, FENCES)),
    Mutant("a retry goes by the trash", _Q, "    await _must_not_be_trashed(session, job.recording_id)\n", "", (QUEUE, FENCES)),
    Mutant("claims go by the gate", _Q, "    now = now or utc_now()\n    await _pass_gate(session)\n", "    now = now or utc_now()\n", (GATES,)),
    Mutant("additions go by the gate", _Q, "    await _pass_gate(session)\n    await _must_not_be_trashed(session, recording_id)\n", "    await _must_not_be_trashed(session, recording_id)\n", (GATES,)),
    Mutant("rescues go by the gate", _Q, "    await _pass_gate(session)\n    gone, seen", "    gone, seen", (GATES,)),
    Mutant("cancels go by the gate", _Q, "    await _pass_gate(session)\n    open_statuses", "    open_statuses", (GATES,)),
    Mutant("the trash goes by the gate", _Q, "    await _pass_gate(session)\n    ended =", "    ended =", (GATES,)),
    Mutant("retries go by the gate", _Q, "    await _pass_gate(session)\n    await _must_not_be_trashed(session, job.recording_id)\n", "    await _must_not_be_trashed(session, job.recording_id)\n", (GATES,)),
    Mutant("the front goes by the gate", _Q, "    await _pass_gate(session)\n    now = utc_now()\n    due", "    now = utc_now()\n    due", (GATES,)),
    Mutant("limits are set beside the gate", _Q, "    await _pass_gate(session)\n    await session.execute(update(Gate)", "    await session.execute(update(Gate)", (GATES,)),
    Mutant("an edit of an old version goes over a newer one", "backend/transcripts/service.py", "        if base.number != based_on:\n            raise TranscriptChanged(base.number)\n", "", (VERSIONS,)),
    Mutant("what was taken out of the trash goes for good", _E, "await trash.delete(session, item.id, long_enough, reason", "await trash.delete(session, item.id, reason", (SWEEPERS,)),
    Mutant("artifacts go under a job that runs", _E, "        if await queue.open_jobs(session, item.recording_id):\n            return False\n", "", (SWEEPERS,)),
    Mutant("retention asks whether it is due when it looks, and not when it takes", _K, "                    due = await self._due(session, as_of, item.recording_id)\n                    if not due:\n                        return False\n", "                    due = [await session.get_one(Recording, item.recording_id)]\n", (RETENTION,)),
    Mutant("an upload that goes on expires", _U, "delete(Upload).where(Upload.id == id, Upload.expires_at <= now)", "delete(Upload).where(Upload.id == id)", (INCOMING,)),
    # transactions
    Mutant("callbacks come before the commit", _DB, "            await session.flush()\n", '            for callback in session.info.pop("after_commit", []):\n                callback()\n            await session.flush()\n', (DATABASE,)),
    Mutant("what was written is not committed", _DB, "                await session.commit()\n", "                pass\n", (DATABASE,)),
    Mutant("what was written before an error stays", _DB, "            yield session\n            await session.flush()\n", "            try:\n                yield session\n            finally:\n                await session.flush()\n                await session.commit()\n", (QUEUE + "::test_a_fenced_publish_writes_nothing_at_all",)),
    Mutant("a transaction whose commit failed goes on to the next", _DB, "                await session.invalidate()\n", "", (DATABASE,)),
    Mutant("a transaction begins when it first writes", _DB, '"BEGIN IMMEDIATE" if writes else "BEGIN"', '"BEGIN"', (FENCES + "::test_who_reads_in_order_to_write_keeps_others_from_writing",)),
    # That the driver begins none of its own shows nowhere: ours has always begun before it looks. So ours goes.
    Mutant("nobody begins transactions", _DB, '        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")\n', "        pass\n", (DATABASE,)),
    Mutant("foreign keys are not asked", _DB, '        cursor.execute("PRAGMA foreign_keys=ON")\n', "", (DATABASE,)),
    Mutant("a version is published in a transaction of its own", _A, "            await queue.finish(session, self.job, Status.DONE, warnings=[*outcome.warnings, *refused])", "            await session.commit()\n            await queue.finish(session, self.job, Status.DONE, warnings=[*outcome.warnings, *refused])", (FENCES,)),
    Mutant("uploads are taken away in a transaction of its own", _L, "                taken = await take_in(", "                await session.commit()\n                taken = await take_in(", (QUOTA,)),
    Mutant("a recording is stored in a transaction of its own", _T, "    recording.duration = seconds\n", "    recording.duration = seconds\n    await session.commit()\n", (QUOTA,)),
    Mutant("a job is queued in a transaction of its own", _T, "    await quotas.charge(session, user, settings, seconds)\n", "    await session.commit()\n    await quotas.charge(session, user, settings, seconds)\n", (QUOTA,)),
    Mutant("the answer to uploads is kept in a transaction of its own", _L, "                await turn.remember(", "                await session.commit()\n                await turn.remember(", (FASTER,)),
    Mutant("the answer to a form is kept in a transaction of its own", _N, "                        await turn.remember(", "                        await session.commit()\n                        await turn.remember(", (FASTER,)),
    Mutant("the answer to another job is kept in a transaction of its own", "backend/jobs/api/jobs.py", "        await turn.remember(session, queued", "        await session.commit()\n        await turn.remember(session, queued", (FASTER,)),
    Mutant("a busy database ends a job", _A, "                if self.stopping or not is_busy(error):\n", "                if True:\n", (ERRORS + "::test_a_lock_longer_than_the_patience_is_a_503_and_work_goes_on_after_it",)),
    Mutant("a job without an attempt runs for ever", _R, "            await self._reclaim(id)\n", "            pass\n", (RUNNER + "::test_an_attempt_whose_end_could_not_be_written_is_made_again",)),
    # uploads
    Mutant("any offset will do", _D, "            if offset != upload.received:\n                raise WrongOffset(offset=upload.received)\n", "", (DOCK,)),
    Mutant("two may fill one upload", _D, "        if upload_id in self._filling:\n            raise UploadBusy(headers={\"Retry-After\": \"1\"})\n", "", (DOCK,)),
    Mutant("a piece is acknowledged, then made to last", _D, "        await asyncio.to_thread(self._berth.sync)\n        sha256 = None\n", "        sha256 = None\n", (DOCK, SYNCS)),
    Mutant("an upload is advanced from anywhere", _U, " & (Upload.received == was)", "", (DOCK, FENCES)),
    Mutant("what was not acknowledged stays in the file", _B, "            os.ftruncate(self._file, self._start)  # what a killed server had not acknowledged\n", "", (BERTH,)),
    Mutant("what was refused stays in the file", _B, "                    os.ftruncate(self._file, keep)\n", "                    pass\n", (BERTH, DOCK)),
    Mutant("a file that lost bytes is gone on with", _B, "                return False\n", "                pass\n", (BERTH, DOCK)),
    Mutant("a piece with a wrong checksum is kept", _D, "            raise ChecksumMismatch\n", "            pass\n", (DOCK,)),
    Mutant("an upload becomes two recordings", _U, "    if _count(await session.execute(these.execution_options(synchronize_session=False))) != len(ids):\n        raise UploadNotFound", "    await session.execute(these.execution_options(synchronize_session=False))", (FENCES,)),
    # a disk that fails
    Mutant("a disk that fails is taken for a file that ends too soon", _M, "    if _FAILED_READ in outcome.errors:\n", "    if False:\n", (UNREADABLE,)),
    Mutant("an engine's artifact that failed is not tried again", "backend/engines/child.py", "    if isinstance(error, OSError) and error.errno == errno.EIO:\n", "    if False:\n", (UNKEPT,)),
    Mutant("no room for an artifact counts as a failure", _A, "    if number in (errno.ENOSPC, errno.EDQUOT):\n", "    if False:\n", (NO_ROOM,)),
    # artifacts and answers
    Mutant("a seal is not compared", _S, 'or sha256(self.path(name)) != seal["sha256"]', "", (WORKSPACE,)),
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
    failed = re.findall(r"^(?:FAILED|ERROR) \S*?([^/\s]+\.py(?:::.+?)?)(?: - .*)?$", ran.stdout, re.MULTILINE)
    if ran.returncode not in (0, 1):
        raise SystemExit(f"{mutant.name}: pytest could not run\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}")
    return (failed[0] if failed else None), time.monotonic() - begun


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
