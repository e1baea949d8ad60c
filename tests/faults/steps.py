"""Finds every durable step in the code, and every step at which a test kills the process."""

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from itertools import product
from typing import Any

import tests.faults
from tests.serving import ROOT

#: Calls that write durably. Every function with one of them is listed below.
DURABLE_CALLS = {"fsync", "sync_folder", "write_durably", "link_durably", "durable_step"}

#: An id of 32 digits as a CRASH_AT pattern.
ID = "?" * 32

#: The durable steps around the calls of each function. An unlisted function, or a step without a test, is an error.
STEPS_OF: dict[str, tuple[str, ...]] = {
    "delivery/fan_out.py:make_deliveries": ("delivery.rows",),
    "delivery/sender.py:Sender.attempt": ("delivery.result",),
    "delivery/sender.py:Sender.look": ("delivery.claim",),
    "engines/child.py:_Child._run": ("sentences.json", "turns.json"),
    "engines/transcription_checkpoint.py:TranscriptionCheckpoint._start_over": ("heard",),
    "engines/transcription_checkpoint.py:_append": ("heard",),
    "housekeeping/backup.py:write_backup": ("backup.manifest",),
    "housekeeping/disk.py:remove": ("sweep.files",),
    "housekeeping/incoming.py:ExpiredUploads.remove": ("upload.expired",),
    "housekeeping/incoming.py:_unlink": ("upload.expired",),
    "housekeeping/restore.py:_move_into_place": ("restore.files",),
    "housekeeping/restore.py:restore": ("restore.files", "restore.database"),
    "housekeeping/retention.py:Retention.remove": ("retention.rows",),
    "housekeeping/backup_archive.py:FolderArchive.put": ("backup.manifest",),
    "housekeeping/backup_archive.py:FolderArchive.write": ("backup.manifest",),
    "housekeeping/backup_archive.py:_private_file": ("backup.manifest",),
    "housekeeping/backup_archive.py:private_folder": ("backup.manifest",),
    "housekeeping/backup_archive.py:new_archive": ("backup.manifest",),
    "housekeeping/sweepers.py:Trash.remove": ("trash.rows",),
    "housekeeping/sweepers.py:_rename": ("artifacts.going",),
    "library/api/form_upload.py:upload": ("recording.row",),
    "library/api/from_uploads.py:_create": ("recording.row",),
    "recordings/api/uploads.py:create_upload": ("upload.row",),
    "jobs/attempt.py:Attempt._publish": ("publish",),
    "jobs/mirror.py:_store": (
        *(f"{ID}.txt", f"{ID}.json", f"{ID}.minutes.md", f"{ID}.minutes.docx", f"{ID}.minutes.json"),
    ),
    "jobs/workspace.py:Workspace.record_checksum": (
        *("speech.wav.seal", "sentences.json.seal", "turns.json.seal", "document.json.seal"),
    ),
    "jobs/workspace.py:Workspace.reuse": ("speech.wav", "sentences.json"),
    "jobs/workspace.py:Workspace.write": ("document.json",),
    "recordings/partial_file.py:PartialFile.open": ("upload.chunk",),
    "recordings/partial_file.py:PartialFile.sync": ("upload.chunk",),
    "recordings/upload_receiver.py:UploadReceiver._unlink": ("upload.gone",),
    "recordings/upload_receiver.py:_UploadRequest._save": ("upload.offset",),
    "recordings/files.py:Storage._delete": ("delete.files",),
    "recordings/files.py:Storage._delete_mirrors": ("mirrors.gone",),
    "recordings/files.py:Storage._write_durably": ("original.sha256",),
    "recordings/files.py:Storage.delete": ("delete.files",),
    "recordings/files.py:Storage.make_folder": ("original", "recording.files", "upload.chunk"),
    "recordings/multipart.py:_FormParser._open_part": ("original",),
    "recordings/multipart.py:_FormParser.close": ("original",),
    "recordings/media.py:_name_durably": ("prepare.files",),
    "recordings/parts.py:_link": ("recording.files",),
    "recordings/parts.py:link_uploads": ("recording.files", "original.sha256"),
    "recordings/compute_peaks.py:_main": ("peaks.json",),
}

#: Files that need no test, with the reason.
EXEMPT = {
    "durable.py": "defines the functions",
    "crash_points.py": "defines the functions",
    "engines/measurement.py": "an engine that has no measurement is measured again",
    "shell.py": "the transcribe command: its user sees that it did not finish",
    "weights/store.py": "models are fetched again, and each file is compared with its checksum",
}


def functions_with_steps() -> dict[str, set[str]]:
    """Functions with durable calls, and the step names they contain."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "backend").rglob("*.py")):
        name = path.relative_to(ROOT / "backend").as_posix()
        if name not in EXEMPT:
            for function, node in _functions(ast.parse(path.read_text(encoding="utf-8"))):
                if (steps := _steps(node)) is not None:
                    found[f"{name}:{function}"] = steps
    return found


def covered_crash_points() -> set[str]:
    """Every CRASH_AT of the parametrized tests of this suite."""
    points: set[str] = set()
    for module in pkgutil.iter_modules(tests.faults.__path__):
        if module.name.startswith("test_"):
            for item in vars(importlib.import_module(f"tests.faults.{module.name}")).values():
                points.update(_points(getattr(item, "pytestmark", [])))
    return points


def _points(marks: list[Any]) -> Iterator[str]:
    values: dict[str, list[str]] = {}
    for mark in marks:
        if mark.name == "parametrize":
            names, rows = mark.args[0], mark.args[1]
            names = names.split(",") if isinstance(names, str) else list(names)
            for row in rows:
                for name, value in zip(names, row if len(names) > 1 else (row,), strict=True):
                    values.setdefault(name.strip(), []).append(value)
    yield from values.get("point", [])
    for moment, step in product(values.get("moment", []), values.get("step", [])):
        yield f"{moment}:{step}"


def _functions(tree: ast.AST, before: str = "") -> Iterator[tuple[str, ast.AST]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{before}{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{before}{node.name}", node


def _steps(function: ast.AST) -> set[str] | None:
    """The step names in a function; None if it has no durable call."""
    lasting, steps = False, set()
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in DURABLE_CALLS:
                lasting = True
                if called == "durable_step" and isinstance(node.args[0], ast.Constant):
                    steps.add(str(node.args[0].value))
    return steps if lasting else None
