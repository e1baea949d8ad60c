"""`python -m backend transcribe`: the pipeline without a server, with a progress bar and files at the end."""

import asyncio
import hashlib
import json
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from backend.durable import write_durably
from backend.engines.hosts import open_engines
from backend.engines.protocols import EngineError
from backend.errors import AppError, InvalidInput
from backend.jobs.options import Options, read_options
from backend.jobs.pipeline import Outcome, Pipeline, Source
from backend.jobs.tables import Stage
from backend.jobs.workspace import Workspace
from backend.settings import Settings
from backend.speech.languages import AUTO
from backend.transcripts.export import FORMATS, export
from backend.transcripts.fonts import fonts_of

_LABELS = {Stage.PREPARE: "Prepare", Stage.TRANSCRIBE: "Transcribe", Stage.DIARIZE: "Diarize", Stage.MERGE: "Merge"}


class UnknownFormat(InvalidInput):
    code = "unknown_format"


def transcribe_command(
    settings: Settings,
    recording: Path,
    output: Path,
    *,
    formats: str,
    speakers: str | None,
    hotwords: list[str],
    language: str = AUTO,
    transcriber: str | None,
    diarizer: str | None,
) -> int:
    """Write `<name>.<format>` into `output`; answers the exit code. An interrupted run continues where it stopped."""
    console = Console(stderr=True)
    try:
        selected = _formats(formats)
        fonts = fonts_of(settings.models_dir) if "pdf" in selected else []  # a missing font fails before hours of work
        options = read_options(
            speakers=speakers, hotwords=hotwords, language=language, transcriber=transcriber, diarizer=diarizer
        )
        workspace = _workspace(settings, recording, options)
        outcome = asyncio.run(_run(settings, recording, workspace, options, console))
    except (AppError, EngineError) as error:
        console.print(f"[red]{error.code}[/red]: {error.detail}", highlight=False)
        return 1
    except KeyboardInterrupt:
        console.print("Interrupted. Run the same command again to continue.")
        return 130
    output.mkdir(parents=True, exist_ok=True)
    for format in selected:
        path = output / f"{recording.stem}.{format}"
        write_durably(path, export(outcome.document, format, recording.name, fonts=fonts))
        print(path)
    for warning in outcome.warnings:
        console.print(f"[yellow]{warning['code']}[/yellow]: {warning['detail']}", highlight=False)
    if not outcome.document.segments:
        console.print("No speech was found in this recording.")
    workspace.remove()
    return 0


async def _run(
    settings: Settings, recording: Path, workspace: Workspace, options: Options, console: Console
) -> Outcome:
    engines = open_engines(settings)
    pipeline = Pipeline(engines, settings.models_dir, settings.demo, settings.transcriber, settings.diarizer)
    source = Source(
        original=recording.resolve(),
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

    try:
        with bar:
            # The folders beside this one belong to other recordings, so nothing in them is reused.
            return await pipeline.run(source, workspace, options.model_copy(update={"fresh": True}), report)
    finally:
        await engines.close()


def _workspace(settings: Settings, recording: Path, options: Options) -> Workspace:
    """A folder named by recording and options, so that a repeated run finds its finished stages."""
    digest = hashlib.sha256(json.dumps(options.model_dump(mode="json"), sort_keys=True).encode())
    with recording.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    folder = settings.uploads_dir / "shell" / "jobs" / digest.hexdigest()[:32]
    folder.parent.parent.mkdir(parents=True, exist_ok=True)
    return Workspace(folder)


def _formats(text: str) -> list[str]:
    selected = [name.strip().lower().lstrip(".") for name in text.split(",") if name.strip()]
    if unknown := [name for name in selected if name not in FORMATS]:
        raise UnknownFormat(f"There is no format {', '.join(unknown)}; choose from {', '.join(FORMATS)}.")
    return selected


def _clock(seconds: float) -> str:
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"
