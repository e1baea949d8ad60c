"""Every durable step there is, found from the code, and every one at which a test kills."""

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from itertools import product
from typing import Any

import tests.faults
from tests.serving import ROOT

#: What makes something last. Whoever calls one of these has a line below.
LASTING = {"fsync", "sync_folder", "write_durably", "link_durably", "durable_step"}

#: A name of 32 digits, in the form of CRASH_AT.
ID = "?" * 32

#: The steps that hold what a function makes last. A function that is not here, or a step nobody kills at, is an error.
PLACES: dict[str, tuple[str, ...]] = {
    "engines/child.py:_Child._work": ("sentences.json", "turns.json"),
    "engines/finished.py:Finished._start_afresh": ("heard",),
    "engines/finished.py:_append": ("heard",),
    "housekeeping/backup.py:keep_all": ("backup.manifest",),
    "housekeeping/disk.py:remove": ("sweep.files",),
    "housekeeping/incoming.py:ExpiredUploads.remove": ("upload.expired",),
    "housekeeping/incoming.py:_unlink": ("upload.expired",),
    "housekeeping/restore.py:_settle": ("restore.files",),
    "housekeeping/restore.py:restore": ("restore.files", "restore.database"),
    "housekeeping/retention.py:Retention.remove": ("retention.rows",),
    "housekeeping/shelves.py:FolderShelf.put": ("backup.manifest",),
    "housekeeping/shelves.py:FolderShelf.write": ("backup.manifest",),
    "housekeeping/shelves.py:_private": ("backup.manifest",),
    "housekeeping/shelves.py:private_folder": ("backup.manifest",),
    "housekeeping/shelves.py:new_shelf": ("backup.manifest",),
    "housekeeping/sweepers.py:Trash.remove": ("trash.rows",),
    "housekeeping/sweepers.py:_rename": ("artifacts.going",),
    "jobs/api/intake.py:upload": ("recording.row",),
    "jobs/api/landing.py:_make": ("recording.row",),
    "jobs/api/uploads.py:begin": ("upload.row",),
    "jobs/attempt.py:Attempt._publish": ("publish",),
    "jobs/mirror.py:_write": (f"{ID}.txt", f"{ID}.json"),
    "jobs/mirror.py:_write_minutes": (f"{ID}.minutes.md", f"{ID}.minutes.docx", f"{ID}.minutes.json"),
    "jobs/workspace.py:Workspace.seal": (
        *("speech.wav.seal", "sentences.json.seal", "turns.json.seal", "document.json.seal"),
    ),
    "jobs/workspace.py:Workspace.take_over": ("speech.wav", "sentences.json"),
    "jobs/workspace.py:Workspace.write": ("document.json",),
    "recordings/berth.py:Berth.open": ("upload.chunk",),
    "recordings/berth.py:Berth.sync": ("upload.chunk",),
    "recordings/dock.py:Dock._unlink": ("upload.gone",),
    "recordings/dock.py:_Visit._keep": ("upload.offset",),
    "recordings/files.py:Storage._delete": ("delete.files",),
    "recordings/files.py:Storage._delete_mirrors": ("mirrors.gone",),
    "recordings/files.py:Storage._write_durably": ("original.sha256",),
    "recordings/files.py:Storage.delete": ("delete.files",),
    "recordings/files.py:Storage.make": ("original", "recording.files", "upload.chunk"),
    "recordings/intake.py:_Form._open": ("original",),
    "recordings/intake.py:_Form.close": ("original",),
    "recordings/media.py:_name_durably": ("prepare.files",),
    "recordings/parts.py:_link": ("recording.files",),
    "recordings/parts.py:land": ("recording.files", "original.sha256"),
    "recordings/loudness.py:_main": ("peaks.json",),
}

#: What is not lost with a crash, because somebody stands beside it and does it again.
BESIDES = {
    "durable.py": "the words themselves",
    "crash.py": "the words themselves",
    "shell.py": "a transcript at a prompt: whoever asked sees that it did not end",
    "weights/store.py": "weights are fetched again, and each file is compared with its checksum",
}


def places() -> dict[str, set[str]]:
    """Functions that make something last, with the names of steps they give as they stand."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "backend").rglob("*.py")):
        name = path.relative_to(ROOT / "backend").as_posix()
        if name not in BESIDES:
            for function, node in _functions(ast.parse(path.read_text(encoding="utf-8"))):
                if (steps := _steps(node)) is not None:
                    found[f"{name}:{function}"] = steps
    return found


def killed_at() -> set[str]:
    """Every CRASH_AT of this suite, from what its tests are parametrized with."""
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
    """None where it makes nothing last."""
    lasting, steps = False, set()
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in LASTING:
                lasting = True
                if called == "durable_step" and isinstance(node.args[0], ast.Constant):
                    steps.add(str(node.args[0].value))
    return steps if lasting else None
