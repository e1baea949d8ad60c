"""`python -m tests.faults.mutants`: removes one safeguard at a time and runs the tests that should notice."""

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
    """`text` is in `file` exactly once. With `replacement` in its place one of `tests` should fail."""

    name: str
    file: str
    text: str
    replacement: str
    tests: tuple[str, ...]


QUEUE = "tests/jobs/test_queue.py"
RESCUE = "tests/jobs/test_rescue.py"
RUNNER = "tests/jobs/test_runner.py"
UPLOAD_RECEIVER = "tests/recordings/test_upload_receiver.py"
SYNCS = "tests/faults/test_syncs.py::test_completed_operations_survive_a_power_cut[durable_operations]"
BACKUPS = "tests/faults/test_syncs.py::test_completed_operations_survive_a_power_cut[backup_and_restore]"
WORKSPACE = "tests/jobs/test_workspace.py"
CHECKPOINT = "tests/engines/test_transcription_checkpoint.py"
IDEMPOTENCY = "tests/jobs/test_idempotency.py"
ERRORS = "tests/faults/test_database_errors.py"
FENCES = "tests/faults/test_fences.py"
OVERTAKEN = FENCES + "::test_a_superseded_attempt_reports_nothing_and_puts_nothing_back"
QUEUE_LOCK = FENCES + "::test_every_queue_change_takes_the_queue_lock"
PARTIAL_FILE = "tests/recordings/test_partial_file.py"
DATABASE = "tests/test_database.py"
LANDING = "tests/library/api/test_from_uploads.py"
QUOTA = LANDING + "::test_an_exceeded_quota_keeps_the_upload"
FASTER = LANDING + "::test_a_request_answered_by_another_server_is_not_executed_twice"
SWEEPERS = "tests/housekeeping/test_sweepers.py"
INCOMING = "tests/housekeeping/test_incoming.py"
RETENTION = "tests/housekeeping/test_retention.py"
DISK_ERRORS = "tests/faults/test_disk_errors.py"
UNREADABLE = DISK_ERRORS + "::test_an_unreadable_original_fails_its_own_job_until_it_is_readable"
UNKEPT = DISK_ERRORS + "::test_recognised_text_that_could_not_be_written_is_recognised_again"
NO_ROOM = DISK_ERRORS + "::test_a_job_waits_when_there_is_no_space_for_an_artifact"
VERSIONS = "tests/transcripts/test_service.py"
HALLUCINATIONS = "tests/engines/test_hallucination_checks.py"


def _whisper(test: str) -> tuple[str]:
    return (f"tests/engines/test_whisper.py::{test}",)


_Q, _B, _D, _W = (
    "backend/jobs/queue.py",
    "backend/recordings/partial_file.py",
    "backend/recordings/upload_receiver.py",
    "backend/durable.py",
)
_U, _P, _I = "backend/recordings/uploads.py", "backend/recordings/parts.py", "backend/recordings/multipart.py"
_A, _DB, _R, _F = (
    "backend/jobs/attempt.py",
    "backend/database.py",
    "backend/jobs/runner.py",
    "backend/recordings/files.py",
)
_S, _H, _M = "backend/jobs/workspace.py", "backend/housekeeping/backup_archive.py", "backend/recordings/media.py"
_L, _T, _N = (
    "backend/library/api/from_uploads.py",
    "backend/library/create_recording.py",
    "backend/library/api/form_upload.py",
)
_G, _V = "backend/engines/hallucination_checks.py", "backend/engines/whisper.py"
_X, _E, _K = "backend/housekeeping/restore.py", "backend/housekeeping/sweepers.py", "backend/housekeeping/retention.py"

MUTANTS = [
    # durability of bytes and names
    Mutant("a file is renamed before its bytes are synced", _W, "            os.fsync(file.fileno())\n", "", (SYNCS,)),
    Mutant("the name of a file is not synced", _W, "        raise\n    sync_folder(path.parent)", "        raise", (SYNCS,)),
    Mutant("the name of a link is not synced", _W, "        sync_folder(path.parent)\n\n\ndef sync", "\n\ndef sync", (SYNCS,)),
    Mutant("a folder is not synced at all", _W, "        os.fsync(descriptor)\n", "        pass\n", (SYNCS,)),
    Mutant("a file is written in place", _W, 'part = path.with_name(f".{secrets.token_hex(8)}.part")\n    try', "part = path\n    path.unlink(missing_ok=True)\n    try", ("tests/test_durable.py",)),
    Mutant("a chunk is acknowledged before it is synced", _B, "            os.fsync(self._file)\n", "            pass\n", (SYNCS,)),
    Mutant("the name of an upload is not synced", _B, "                sync_folder(self._path.parent)\n", "                pass\n", (SYNCS,)),
    Mutant("the bytes of a form are not synced", _I, "            os.fsync(self._file.fileno())\n", "", (SYNCS,)),
    Mutant("the name of a form's file is not synced", _I, "            sync_folder(self._folder)\n", "", (SYNCS,)),
    Mutant("the folder of a form is not synced", _I, "        sync_folder(self._folder.parent)\n", "", (SYNCS,)),
    Mutant("a new folder is not synced", _F, "            durable.sync_folder(path.parent)\n", "", (SYNCS,)),
    Mutant("the name of a linked upload is not synced", _P, "            sync_folder(path.parent)\n", "", (SYNCS,)),
    Mutant("the names of linked parts are not synced", _P, "        sync_folder(paths[0].parent)\n", "", (SYNCS,)),
    Mutant("the listening copy is renamed before it is synced", _M, "                os.fsync(file.fileno())\n", "                pass\n", (SYNCS,)),
    Mutant("the listening copy's name is not synced", _M, "            sync_folder(path.parent)\n", "", (SYNCS,)),
    Mutant("recognised sentences are not synced", "backend/engines/transcription_checkpoint.py", "        os.fsync(file.fileno())\n", "", (SYNCS,)),
    Mutant("the name of the transcription checkpoint is not synced", "backend/engines/transcription_checkpoint.py", "            os.fsync(folder)\n", "            pass\n", (SYNCS,)),
    Mutant("a backup's files are not synced", _H, "            file.flush()\n            os.fsync(file.fileno())\n\n\ndef private_folder", "            file.flush()\n\n\ndef private_folder", (SYNCS,)),
    Mutant("a backup's names are not synced", _H, "        sync_folder(target.parent)\n        return found", "        return found", (SYNCS,)),
    Mutant("a backup's folders are not synced", _H, "        path.mkdir(mode=0o700, exist_ok=True)\n        sync_folder(path.parent)\n", "        path.mkdir(mode=0o700, exist_ok=True)\n", (SYNCS,)),
    Mutant("a manifest's name is not synced", _H, "        sync_folder(self.root)\n", "", (SYNCS,)),
    Mutant("a backup folder's name is not synced", _H, "        yield FolderArchive(target)\n        sync_folder(target.parent)\n", "        yield FolderArchive(target)\n", (SYNCS,)),
    Mutant("the name of a tar is not synced", _H, "        raise\n    sync_folder(target.parent)\n", "        raise\n", (SYNCS,)),
    Mutant("a copy replacement of a hard link is not synced", _P, "            os.fsync(file.fileno())\n", "            pass\n", (SYNCS,)),
    Mutant("an aborted upload comes back", _D, "            if self.storage.incoming.is_dir():\n                sync_folder(self.storage.incoming)\n", "", (SYNCS,)),
    Mutant("an expired upload comes back", "backend/housekeeping/incoming.py", "    sync_folder(storage.incoming)\n", "", (SYNCS,)),
    Mutant("a deleted recording comes back", _F, "        if self.root.exists():\n            durable.sync_folder(self.root)\n", "", (SYNCS,)),
    Mutant("a deleted mirror comes back", _F, "            if mirrors.exists():\n                durable.sync_folder(mirrors)\n", "", (SYNCS,)),
    Mutant("a swept file comes back", "backend/housekeeping/disk.py", "        if path.parent.exists():\n            sync_folder(path.parent)\n", "", (SYNCS,)),
    Mutant("the names of restored files are not synced", _X, "            sync_folder(Path(below))\n", "            pass\n", (BACKUPS,)),
    Mutant("the folders of restored recordings are not synced", _X, "    sync_folder(uploads_dir)\n", "", (BACKUPS,)),
    Mutant("the name of a restored database is not synced", _X, "            sync_folder(path.absolute().parent)\n", "", (BACKUPS,)),
    Mutant("rows do not survive a power cut", _DB, "PRAGMA synchronous=FULL", "PRAGMA synchronous=NORMAL", ("tests/test_database.py",)),
    # fences
    Mutant("any attempt may change a job", _Q, "        query = query.where(Job.attempt == expected)\n", "        pass\n", (QUEUE, FENCES)),
    Mutant("a job may leave any status", _Q, "Job.status.in_([status.value for status in statuses])", "Job.status.is_not(None)", (QUEUE, FENCES)),
    Mutant("the end of an attempt is not fenced", _Q, "    await _raise_if_fenced(_transition(session, job.id, (Status.RUNNING,), job.attempt, **values))\n    record_job(session, EventKind(f\"job.{status", "    await _transition(session, job.id, (Status.RUNNING,), job.attempt, **values)\n    record_job(session, EventKind(f\"job.{status", (QUEUE, FENCES)),
    Mutant("a put-back is not fenced", _Q, "    await _raise_if_fenced(_transition(session, job.id, (Status.RUNNING,), job.attempt, **values))\n    record_job(session, EventKind.JOB_QUEUED", "    await _transition(session, job.id, (Status.RUNNING,), job.attempt, **values)\n    record_job(session, EventKind.JOB_QUEUED", (OVERTAKEN,)),
    Mutant("progress is not fenced", _Q, "    await _raise_if_fenced(\n        _transition(session, job.id, (Status.RUNNING,), job.attempt, heartbeat_at=utc_now(), **values)\n    )\n", "    await _transition(session, job.id, (Status.RUNNING,), job.attempt, heartbeat_at=utc_now(), **values)\n", (OVERTAKEN,)),
    Mutant("a claim counts no attempt", _Q, "        attempt=first.attempt + 1,\n", "        attempt=first.attempt,\n", (QUEUE, FENCES)),
    Mutant("an idle heartbeat writes nothing", _Q, "    await _lock_queue(session)\n    await session.execute(update(Job)", "    await session.execute(update(Job)", (RESCUE, QUEUE,)),
    Mutant("a heartbeat is for all runners", _Q, "return (Job.runner == runner) & (Job.status == Status.RUNNING.value)", "return Job.status == Status.RUNNING.value", (RESCUE, QUEUE, FENCES)),
    Mutant("a job with a heartbeat at the last moment is rescued", _Q, "            continue  # its heartbeat came at the last moment\n", "            pass\n", (RESCUE, QUEUE, FENCES)),
    Mutant("the limit of the pool is not run_check", "backend/jobs/reserved_place.py", "    if sum(running.values()) >= concurrent:\n        return None\n", "", (QUEUE, FENCES)),
    Mutant("the limit of a user is not run_check", "backend/jobs/reserved_place.py", "return None if first is None or running.get(first.owner_id, 0) >= per_user else first", "return first", (QUEUE,)),
    Mutant("dead attempts are not counted", _Q, 'values: dict[str, Any] = {"runner": None, "failures": failures, "eta_seconds": None}', 'values: dict[str, Any] = {"runner": None, "eta_seconds": None}', (RESCUE, QUEUE, FENCES)),
    Mutant("a job never fails because of dead attempts", _Q, "        if failures >= max_attempts:", "        if False:", (RESCUE, QUEUE, FENCES)),
    Mutant("a full queue accepts more", _Q, "    if (waiting or 0) >= (await limits_now(session, limits)).size:", "    if False:", (QUEUE, FENCES)),
    Mutant("a job is added to a trashed recording", _Q, "    await _check_not_trashed(session, recording_id)\n    await check_capacity(session, limits)\n    now =", "    await check_capacity(session, limits)\n    now =", (QUEUE, FENCES)),
    Mutant("a retry ignores the trash", _Q, "    await _check_not_trashed(session, job.recording_id)\n", "", (QUEUE, FENCES)),
    Mutant("claims do not take the queue lock", _Q, "    await _lock_queue(session)\n    now = now or await database_now(session)\n", "    now = now or await database_now(session)\n", (QUEUE_LOCK,)),
    Mutant("additions do not take the queue lock", _Q, "    await _lock_queue(session)\n    await _check_not_trashed(session, recording_id)\n", "    await _check_not_trashed(session, recording_id)\n", (QUEUE_LOCK,)),
    Mutant("rescues do not take the queue lock", _Q, "    await _lock_queue(session)\n    dead_runners, seen", "    dead_runners, seen", (QUEUE_LOCK,)),
    Mutant("cancels do not take the queue lock", _Q, "    await _lock_queue(session)\n    open_statuses", "    open_statuses", (QUEUE_LOCK,)),
    Mutant("the trash does not take the queue lock", _Q, "    await _lock_queue(session)\n    ended =", "    ended =", (QUEUE_LOCK,)),
    Mutant("retries do not take the queue lock", _Q, "    await _lock_queue(session)\n    await _check_not_trashed(session, job.recording_id)\n", "    await _check_not_trashed(session, job.recording_id)\n", (QUEUE_LOCK,)),
    Mutant("moves to the front do not take the queue lock", _Q, "    await _lock_queue(session)\n    now = await database_now(session)\n    due", "    now = await database_now(session)\n    due", (QUEUE_LOCK,)),
    Mutant("limits are set without the queue lock", _Q, "    await _lock_queue(session)\n    await session.execute(update(QueueLock)", "    await session.execute(update(QueueLock)", (QUEUE_LOCK,)),
    Mutant("an edit of an old version replaces a newer one", "backend/transcripts/service.py", "        if base.number != based_on:\n            raise TranscriptChanged(base.number)\n", "", (VERSIONS,)),
    Mutant("a restored recording is deleted for good", _E, "await trash.delete(session, item.id, long_enough, reason", "await trash.delete(session, item.id, reason", (SWEEPERS,)),
    Mutant("artifacts of a running job are removed", _E, "        if await queue.open_jobs(session, item.recording_id):\n            return False\n", "", (SWEEPERS,)),
    Mutant("retention does not check again before it removes", _K, "                    due = await self._due(session, as_of, item.recording_id)\n                    if not due:\n                        return False\n", "                    due = [await session.get_one(Recording, item.recording_id)]\n", (RETENTION,)),
    Mutant("an upload that is continued expires", _U, "delete(Upload).where(Upload.id == id, Upload.expires_at <= now)", "delete(Upload).where(Upload.id == id)", (INCOMING,)),
    # transactions
    Mutant("callbacks run before the commit", _DB, "            await session.flush()\n", '            for callback in session.info.pop("after_commit", []):\n                callback()\n            await session.flush()\n', (DATABASE,)),
    Mutant("writes are not committed", _DB, "                await session.commit()\n", "                pass\n", (DATABASE,)),
    Mutant("writes before an error are committed", _DB, "            yield session\n            await session.flush()\n", "            try:\n                yield session\n            finally:\n                await session.flush()\n                await session.commit()\n", (QUEUE + "::test_a_fenced_publish_writes_nothing",)),
    Mutant("a transaction whose commit failed stays open", _DB, "                await session.invalidate()\n", "", (DATABASE,)),
    Mutant("a transaction begins at its first write", _DB, '"BEGIN IMMEDIATE" if writes else "BEGIN"', '"BEGIN"', (FENCES + "::test_a_read_for_update_blocks_other_writers",)),
    # Removing `isolation_level = None` has no effect: our BEGIN runs before the driver would begin. So ours is removed.
    Mutant("transactions are never begun", _DB, '        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")\n', "        pass\n", (DATABASE,)),
    Mutant("foreign keys are not run_check", _DB, '        cursor.execute("PRAGMA foreign_keys=ON")\n', "", (DATABASE,)),
    Mutant("a version is published in its own transaction", _A, "            await queue.finish(session, self.job, Status.DONE, warnings=[*outcome.warnings, *refused])", "            await session.commit()\n            await queue.finish(session, self.job, Status.DONE, warnings=[*outcome.warnings, *refused])", (FENCES,)),
    Mutant("uploads are removed in their own transaction", _L, "                created = await create_recording(", "                await session.commit()\n                created = await create_recording(", (QUOTA,)),
    Mutant("a recording is stored in its own transaction", _T, "    recording.duration = seconds\n", "    recording.duration = seconds\n    await session.commit()\n", (QUOTA,)),
    Mutant("a job is queued in its own transaction", _T, "    await quotas.charge(session, user, settings, seconds)\n", "    await session.commit()\n    await quotas.charge(session, user, settings, seconds)\n", (QUOTA,)),
    Mutant("the answer to uploads is stored in its own transaction", _L, "                await idempotent.store(", "                await session.commit()\n                await idempotent.store(", (FASTER,)),
    Mutant("the answer to a form is stored in its own transaction", _N, "                        await idempotent.store(", "                        await session.commit()\n                        await idempotent.store(", (FASTER,)),
    Mutant("the answer to another job is stored in its own transaction", "backend/jobs/api/jobs.py", "        await idempotent.store(session, queued", "        await session.commit()\n        await idempotent.store(session, queued", (FASTER,)),
    Mutant("a busy database ends a job", _A, "                if self.stopping or refusal(error) is None:\n", "                if True:\n", (ERRORS + "::test_a_lock_longer_than_the_timeout_is_a_503_and_work_continues_after_it",)),
    Mutant("a job without an attempt runs for ever", _R, "                await self._reclaim(lost)\n", "                pass\n", (RUNNER + "::test_an_attempt_whose_end_could_not_be_written_is_repeated",)),
    # uploads
    Mutant("any offset is accepted", _D, "            if offset != upload.received:\n                raise WrongOffset(offset=upload.received)\n", "", (UPLOAD_RECEIVER,)),
    Mutant("two requests may write to one upload", _D, "        if upload_id in self._active:\n            raise UploadBusy(headers={\"Retry-After\": \"1\"})\n", "", (UPLOAD_RECEIVER,)),
    Mutant("a chunk is acknowledged, then synced", _D, "        await asyncio.to_thread(self._file.sync)\n        sha256 = None\n", "        sha256 = None\n", (UPLOAD_RECEIVER, SYNCS)),
    Mutant("an upload is advanced from any offset", _U, " & (Upload.received == expected)", "", (UPLOAD_RECEIVER, FENCES)),
    Mutant("unacknowledged bytes stay in the file", _B, "            os.ftruncate(self._file, self._start)  # drop what a killed server had not acknowledged\n", "", (PARTIAL_FILE,)),
    Mutant("refused bytes stay in the file", _B, "                    os.ftruncate(self._file, size)\n", "                    pass\n", (PARTIAL_FILE, UPLOAD_RECEIVER)),
    Mutant("a file that lost bytes is continued", _B, "                return False\n", "                pass\n", (PARTIAL_FILE, UPLOAD_RECEIVER)),
    Mutant("a chunk with a wrong checksum is accepted", _D, "            raise ChecksumMismatch\n", "            pass\n", (UPLOAD_RECEIVER,)),
    Mutant("an upload becomes two recordings", _U, "    if _row_count(await session.execute(these.execution_options(synchronize_session=False))) != len(ids):\n        raise UploadNotFound", "    await session.execute(these.execution_options(synchronize_session=False))", (FENCES,)),
    # disk errors
    Mutant("a failing disk is taken for a truncated file", "backend/recordings/decoding_errors.py", "    if _FAILED_READ in outcome.errors:\n", "    if False:\n", (UNREADABLE,)),
    Mutant("a disk error in an engine is not retried", "backend/engines/child.py", "    if isinstance(error, OSError) and error.errno == errno.EIO:\n", "    if False:\n", (UNKEPT,)),
    Mutant("a full disk counts as a failure", _A, "    if number in (errno.ENOSPC, errno.EDQUOT):\n", "    if False:\n", (NO_ROOM,)),
    # artifacts and stored answers
    Mutant("a checksum is not compared", _S, 'or sha256(self.path(name)) != record["sha256"]', "", (WORKSPACE,)),
    Mutant("an artifact is used without a checksum", _S, "        except (OSError, ValueError, KeyError, TypeError):\n            return None\n", "        except (OSError, ValueError, KeyError, TypeError):\n            return {}\n", (WORKSPACE,)),
    Mutant("a torn line of the checkpoint is used", "backend/engines/transcription_checkpoint.py", "        if body and check == _check(body):\n", "        if body:\n", (CHECKPOINT,)),
    Mutant("the checkpoint of another engine is used", "backend/engines/transcription_checkpoint.py", 'if entries and entries[0] == {"fingerprint": fingerprint}:', "if entries:", (CHECKPOINT,)),
    Mutant("a key is accepted for any request", "backend/jobs/idempotency.py", "            if first is not None and first.request_hash != digest:\n                raise IdempotencyKeyReused\n", "", (IDEMPOTENCY,)),
    Mutant("an answer is not stored", "backend/jobs/idempotency.py", "        session.add(\n            IdempotencyRecord(", "        print(\n            IdempotencyRecord(", (IDEMPOTENCY,)),
    # what Whisper invents
    Mutant("Whisper: what is no speech is decoded", _V, "self._vad.detect(reader)", "[(0.0, reader.duration)]", _whisper("test_where_nobody_speaks_the_model_is_not_asked")),
    Mutant("Whisper: improbable tokens are believed", _G, "decoded.probability < _LEAST_PROBABILITY or ", "", (HALLUCINATIONS,)),
    Mutant("Whisper: text over silence is believed", _G, " or decoded.no_speech >= _NO_SPEECH", "", (HALLUCINATIONS,)),
    Mutant("Whisper: a loop is believed", _G, "    if is_loop(decoded.text):\n", "    if False:\n", (HALLUCINATIONS,)),
    Mutant("Whisper: a loop of long sentences is believed", _G, "> _COMPRESSION:\n        return True\n", "> _COMPRESSION:\n        pass\n", (HALLUCINATIONS,)),
    Mutant("Whisper: a loop of few words is believed", _G, "and len(spoken) >= 6:\n                return True\n", "and len(spoken) >= 6:\n                pass\n", (HALLUCINATIONS,)),
    Mutant("Whisper: an echo is believed", _G, "    if is_echo(decoded.text, hotwords):\n", "    if False:\n", (HALLUCINATIONS,)),
    Mutant("Whisper: credits of subtitles are believed", _G, "    if credits and ", "    if False and ", (HALLUCINATIONS,)),
    Mutant("Whisper: hotwords in a row are believed", _G, "    return said > 1 and len(rest) * 2 < len(spoken)\n", "    return False\n", (HALLUCINATIONS,)),
    Mutant("Whisper: any number of characters is believed", _G, "pace > _FASTEST * (1 if _wide(text) else 2.5) or ", "", (HALLUCINATIONS,)),
    Mutant("Whisper: hardly any characters are believed", _G, " or (decoded.seconds > _SLOW_FROM and pace < _SLOWEST)", "", (HALLUCINATIONS,)),
    Mutant("Whisper: speech without a text is dropped", _V, "            if not words and piece.end - piece.start > _WITHOUT_TEXT:\n", "            if False:\n", _whisper("test_speech_for_which_the_model_has_no_text_is_marked")),
    Mutant("Whisper: what is unsure is shown as sure", _V, "unsure = Hallucination.PACE in hallucinations", "unsure = False", _whisper("test_more_characters_than_anybody_says_are_kept_and_marked_as_unsure")),
    Mutant("Whisper: rejected text is kept", _V, "        if hallucinations & _REJECTED:\n", "        if False:\n", _whisper("test_a_model_that_is_sure_of_nothing_gives_no_text_and_says_where")),
    Mutant("Whisper: a rejected window is not halved", _V, "        if hallucinations & _REJECTED and len(window.pieces) > 1:\n", "        if False:\n", _whisper("test_one_bad_window_is_halved_and_costs_the_others_nothing")),
    Mutant("Whisper: an echo of hotwords is not decoded without them", _V, "    if hotwords and hallucinations:\n", "    if False:\n", _whisper("test_a_model_that_parrots_its_hotwords_is_asked_again_without_them")),
    Mutant("Whisper: improbable tokens are not decoded again", _V, "    if Hallucination.IMPROBABLE in hallucinations:\n", "    if False:\n", _whisper("test_a_window_of_improbable_tokens_is_decoded_again_without_alternatives")),
    Mutant("Whisper: a loop is not decoded again", _V, "    if Hallucination.REPETITION in hallucinations:\n", "    if False:\n", _whisper("test_a_loop_is_decoded_again_without_repeats")),
    # times and characters of the recognisers
    Mutant("Paraformer: a word has the time of the token at its place", "backend/engines/timestamps.py", "[_spanning(times[own[0]], times[own[-1]]) for _, own in words]", "[times[at] for at, _ in enumerate(words)]", ("tests/engines/test_timestamps.py",)),
    Mutant("Paraformer: times count for words, not for tokens", "backend/engines/timestamps.py", "    if len(times) == len(tokens):\n", "    if len(times) == len(words):\n", ("tests/engines/test_timestamps.py",)),
    Mutant("Paraformer: what has no text joins its neighbours", "backend/engines/paraformer_tokens.py", "            _close(words)\n", "            pass\n", ("tests/engines/test_paraformer_tokens.py",)),
    Mutant("Whisper: every token is decoded by itself", "backend/engines/whisper_tokens.py", 'b"".join(token.bytes for token in tokens).decode("utf-8", errors="surrogateescape")', '"".join(token.bytes.decode("utf-8", errors="surrogateescape") for token in tokens)', ("tests/engines/test_whisper_tokens.py",)),
    Mutant("an engine is given hotwords that it cannot spell", "backend/engines/hotwords.py", "and all(map(spelled, own))]", "]", ("tests/engines/test_hotwords.py",)),
    Mutant("Whisper: hotwords are cut in the middle", "backend/engines/hotwords.py", ".ids) <= WHISPER_TOKENS", ".ids) <= 10 * WHISPER_TOKENS", ("tests/engines/test_hotwords.py",)),
    # other safeguards of jobs and engines
    Mutant("two requests with one key run at once", "backend/jobs/idempotency.py", "            async with lock:\n                yield\n", "            yield\n", (IDEMPOTENCY,)),
]  # fmt: skip


@contextmanager
def applied(mutant: Mutant, tree: Path) -> Iterator[None]:
    path = tree / mutant.file
    text = path.read_text(encoding="utf-8")
    assert text.count(mutant.text) == 1, f"{mutant.name}: its text is in the file {text.count(mutant.text)} times"
    _put(path, text.replace(mutant.text, mutant.replacement))
    try:
        yield
    finally:
        _put(path, text)


def _put(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    # Python compares compiled files by seconds and size, which is too coarse here.
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
        compiled.unlink()


def first_failure(mutant: Mutant, tree: Path) -> tuple[str | None, float]:
    """The first test that failed, or None; and how long that took."""
    begun = time.monotonic()
    with applied(mutant, tree):
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--tb=no", *mutant.tests]
        ran = subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=600, check=False)
    failed = re.findall(r"^(?:FAILED|ERROR) \S*?([^/\s]+\.py(?:::.+?)?)(?: - .*)?$", ran.stdout, re.MULTILINE)
    if ran.returncode not in (0, 1):
        raise SystemExit(f"{mutant.name}: pytest could not run\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}")
    return (failed[0] if failed else None), time.monotonic() - begun


@contextmanager
def _copy_of_tree() -> Iterator[Path]:
    """A copy of the tree."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        tree = Path(folder)
        for part in ("backend", "tests"):
            shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("node_modules"))
        for file in ("pyproject.toml", "create_super_admin.py"):
            shutil.copy(ROOT / file, tree)
        yield tree


def main(names: list[str]) -> int:
    """Print the table of all mutants, or of those whose name contains one of `names`."""
    chosen = [one for one in MUTANTS if not names or any(name in one.name for name in names)]
    caught = 0
    print("| | Mutant | Where | Caught by | s |\n|---|---|---|---|---|")
    with _copy_of_tree() as tree:
        for number, mutant in enumerate(chosen, 1):
            test, seconds = first_failure(mutant, tree)
            caught += test is not None
            where, by = mutant.file.removeprefix("backend/"), f"`{test}`" if test else "**no test**"
            print(f"| {number} | {mutant.name} | `{where}` | {by} | {seconds:.0f} |", flush=True)
    print(f"\n{caught} of {len(chosen)} caught ({caught / len(chosen):.0%}).")
    return 0 if caught >= 0.95 * len(chosen) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
