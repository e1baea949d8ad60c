"""`python -m backend transcribe`: the pipeline without a server, with a progress bar and files at the end."""

import asyncio
import hashlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from backend.durable import write_durably
from backend.engines.hosts import Engines, open_engines
from backend.engines.protocols import EngineError
from backend.errors import AppError, InvalidInput
from backend.jobs.options import Options, read_options
from backend.jobs.pipeline import Outcome, Source, open_pipeline
from backend.jobs.tables import Stage
from backend.jobs.workspace import Workspace
from backend.settings import Settings
from backend.shell_files import Task, shown, tasks, unused
from backend.speech.languages import AUTO
from backend.transcripts.export import FORMATS, export
from backend.transcripts.fonts import fonts_of

_LABELS = {Stage.PREPARE: "Prepare", Stage.TRANSCRIBE: "Transcribe", Stage.DIARIZE: "Diarize", Stage.MERGE: "Merge"}

#: The recording in its workspace, so that no program has to cope with its name.
_ORIGINAL = "original"


class UnknownFormat(InvalidInput):
    code = "unknown_format"


class OutputClosed(InvalidInput):
    code = "output_closed"


def transcribe_command(
    settings: Settings,
    inputs: Sequence[Path],
    output: Path,
    *,
    formats: str,
    speakers: str | None,
    hotwords: list[str],
    language: str = AUTO,
    transcriber: str | None,
    diarizer: str | None,
    overwrite: bool = False,
) -> int:
    """Write `<name>.<format>` into `output` for each recording; answers the exit code: 0 if every one has its
    transcript now. An interrupted run continues where it stopped."""
    console = Console(stderr=True)
    try:
        selected = _formats(formats)
        fonts = fonts_of(settings.models_dir) if "pdf" in selected else []  # a missing font fails before hours of work
        options = read_options(
            speakers=speakers, hotwords=hotwords, language=language, transcriber=transcriber, diarizer=diarizer
        )
        planned = tasks(inputs, output, selected)
        _make_folders(planned)
        run = _Run(settings, options, fonts, overwrite, console)
        return asyncio.run(run.all(planned))
    except AppError as error:
        _print_error(console, error.code, error.detail)
        return 1
    except KeyboardInterrupt:
        console.print("Interrupted. Run the same command again to continue.")
        return 130


@dataclass(frozen=True, slots=True)
class _Run:
    settings: Settings
    options: Options
    fonts: list[Path]
    overwrite: bool
    console: Console

    async def all(self, planned: Sequence[Task]) -> int:
        """One after the other; one that fails does not keep the others from their transcripts."""
        engines = open_engines(self.settings)
        failed = 0
        try:
            for number, task in enumerate(planned, 1):
                if len(planned) > 1:
                    self.console.print(
                        f"{number}/{len(planned)} {escape(shown(task.recording))}", highlight=False, soft_wrap=True
                    )
                failed += not await self._one(task, engines)
        finally:
            await engines.close()
        return 1 if failed else 0

    async def _one(self, task: Task, engines: Engines) -> bool:
        """Whether the recording has all its transcripts."""
        existing = [] if self.overwrite else task.existing()
        if len(existing) == len(task.targets):
            self.console.print("Its files are there already; --overwrite makes them anew.")
            return True
        if existing:
            detail = f"{shown(existing[0])} exists already. Use --overwrite, or another --output."
            _print_error(self.console, "output_exists", detail)
            return False
        try:
            workspace = _workspace(self.settings, task.recording, self.options)
            outcome = await _transcribe(self.settings, workspace, self.options, engines, self.console)
        except (AppError, EngineError) as error:
            _print_error(self.console, error.code, error.detail)
            return False
        except OSError as error:
            where = shown(error.filename or task.recording)
            _print_error(self.console, "input_unreadable", f"{where}: {error.strerror or error}")
            return False
        written, problems = self._write(task, outcome)
        for path in written:
            sys.stdout.buffer.write(os.fsencode(path) + b"\n")
        sys.stdout.flush()
        for problem in problems:
            _print_error(self.console, "not_written", problem)
        for warning in outcome.warnings:
            self.console.print(
                f"[yellow]{warning['code']}[/yellow]: {escape(warning['detail'])}", highlight=False, soft_wrap=True
            )
        if problems:
            kept = (
                f"The finished work is kept in {shown(workspace.folder)}: with another --output nothing is done again."
            )
            self.console.print(escape(kept), highlight=False, soft_wrap=True)
        else:
            workspace.remove()
        return not problems

    def _write(self, task: Task, outcome: Outcome) -> tuple[list[Path], list[str]]:
        """Write every format before anything is printed: a format that fails must not cost the others."""
        written, problems = [], []
        for format, path in task.targets.items():
            try:
                content = export(outcome.document, format, shown(task.recording.name), fonts=self.fonts)
                free = path if self.overwrite else unused(path)  # something may have appeared there during the work
                write_durably(free, content)
            except Exception as error:
                problems.append(f"{shown(path)}: {error}")
            else:
                written.append(free)
        return written, problems


async def _transcribe(
    settings: Settings, workspace: Workspace, options: Options, engines: Engines, console: Console
) -> Outcome:
    pipeline = open_pipeline(engines, settings)
    source = Source(
        original=workspace.path(_ORIGINAL),
        listening_copy=workspace.path("listen.m4a"),
        peaks=workspace.path("peaks.json"),
        max_seconds=settings.max_audio_hours * 3600,
    )
    bar = Progress(
        TextColumn("{task.description:<11}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[audio]}"),
        TimeRemainingColumn(),
        console=console,
    )
    rows: dict[Stage, TaskID] = {}

    def report(stage: Stage, done: float, total: float) -> None:
        if stage not in rows:
            rows[stage] = bar.add_task(_LABELS[stage], audio="")
        bar.update(rows[stage], total=total, completed=done, audio=f"{_clock(done)} / {_clock(total)}")

    with bar:
        # The folders beside this one belong to other recordings, so nothing in them is reused.
        return await pipeline.run(source, workspace, options.model_copy(update={"fresh": True}), report)


def _workspace(settings: Settings, recording: Path, options: Options) -> Workspace:
    """A folder named by recording and options, so that a repeated run finds its finished stages."""
    digest = hashlib.sha256(json.dumps(options.model_dump(mode="json"), sort_keys=True).encode())
    with recording.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    workspace = Workspace(settings.uploads_dir / "shell" / "jobs" / digest.hexdigest()[:32])
    workspace.folder.mkdir(parents=True, exist_ok=True)
    workspace.path(_ORIGINAL).unlink(missing_ok=True)
    workspace.path(_ORIGINAL).symlink_to(recording.resolve())
    return workspace


def _make_folders(planned: Sequence[Task]) -> None:
    """Make the folders of all targets, before hours of work. Raises OutputClosed if one cannot be written to."""
    for folder in {path.parent for task in planned for path in task.targets.values()}:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not os.access(folder, os.W_OK):
                raise PermissionError
        except OSError as error:
            reason = error.strerror or "it cannot be written to"
            raise OutputClosed(f"{shown(folder)}: {reason}. Choose another folder with --output.") from error


def _formats(text: str) -> list[str]:
    selected = [name.strip().lower().lstrip(".") for name in text.split(",") if name.strip()]
    if unknown := [name for name in selected if name not in FORMATS]:
        raise UnknownFormat(f"There is no format {', '.join(unknown)}; choose from {', '.join(FORMATS)}.")
    if not selected:
        raise UnknownFormat(f"Choose at least one format from {', '.join(FORMATS)}.")
    return list(dict.fromkeys(selected))


def _print_error(console: Console, code: str, detail: str) -> None:
    console.print(f"[red]{code}[/red]: {escape(detail)}", highlight=False, soft_wrap=True)


def _clock(seconds: float) -> str:
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"
