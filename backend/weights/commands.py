"""`python -m backend models fetch|list|verify`: the command line for models."""

import errno
import os
from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from backend.settings import Settings, load_settings
from backend.weights import hubs
from backend.weights.catalogue import FETCH, MODELS, OPTIONAL, SETS
from backend.weights.downloads import ProgressCallback, client
from backend.weights.fetch import Sources, fetch, fetch_from_folder, is_set_installed
from backend.weights.hubs import Hubs
from backend.weights.local_files import LocalFiles
from backend.weights.package_index import configured_index
from backend.weights.store import WeightsError, install_command, installed, read_manifest, verify

app = typer.Typer(no_args_is_help=True, help="The models: fetch, list and verify them.")

_INSTALLED_MESSAGES = {
    "full": (
        "The full set of models is installed: FunASR SeACo Paraformer recognises speech, pyannote separates speakers. "
        "Where Hugging Face answers, Whisper large-v3-turbo belongs to it, for other languages."
    ),
    "small": (
        "The small set of models is installed: Whisper small recognises speech, pyannote 3.1 separates speakers. "
        f"Where the model hubs can be reached there is also a full set: {FETCH} --set full"
    ),
    "tiny": (
        "The tiny set of models is installed: Vosk's small Mandarin model recognises speech, pyannote 3.1 separates "
        f"speakers. Whisper, in the small set, is far better where people talk freely: {FETCH} --set small"
    ),
    "whisper-large": "Whisper large-v3-turbo is also installed. The server uses it with TRANSCRIBER=whisper-large.",
    "int8": "FunASR SeACo Paraformer is also installed in int8. The server uses it with TRANSCRIBER=funasr-int8.",
    "print": "The font is installed: transcripts can be exported as PDF.",
}


class FetchSet(str, Enum):
    """Which models: chosen by what the machine can reach, or one set by name."""

    AUTO = "auto"
    FULL = "full"
    SMALL = "small"
    TINY = "tiny"
    WHISPER_LARGE = "whisper-large"
    INT8 = "int8"
    PRINT = "print"


@app.command("fetch")
def fetch_command(
    set_name: FetchSet = typer.Option(
        FetchSet.AUTO, "--set", help="auto chooses full if the hubs answer, otherwise small."
    ),
    folder: Path | None = typer.Option(None, "--from", help="Copy the models from this folder, without a network."),
) -> None:
    """Fetch models. Intact models are left as they are; interrupted downloads are resumed."""
    raise typer.Exit(run_fetch(_settings(), set_name.value, folder, Console()))


@app.command("list")
def list_command() -> None:
    """List every model with its state, size, licence and source."""
    Console().print(models_table(_settings().models_dir))


@app.command("verify")
def verify_command() -> None:
    """Hash every file of every installed model."""
    raise typer.Exit(run_verify(_settings().models_dir, Console()))


def run_fetch(settings: Settings, set_name: str, folder: Path | None, console: Console) -> int:
    """Returns 0 if the set is installed in the end, else 1 after a sentence for each model that is not."""
    models_dir = settings.models_dir
    if folder is not None:
        set_name = _set_in(folder) if set_name == "auto" else set_name
        optional = tuple(name for name in OPTIONAL.get(set_name, ()) if (folder / name).is_dir())
        return _fetch_each(
            console, set_name, lambda name, _report: fetch_from_folder(models_dir, name, folder), optional
        )
    if set_name == "auto":
        # An installed set is not replaced, and the second start of the server uses no network.
        for installed_set in ("full", "small", "tiny"):
            if is_set_installed(models_dir, installed_set):
                console.print(_INSTALLED_MESSAGES[installed_set], soft_wrap=True)
                return 0
    if set_name == "print" and is_set_installed(models_dir, set_name):
        return 0
    try:
        web = client()
    except WeightsError as error:
        console.print(f"[red]{escape(error.detail)}[/]", soft_wrap=True)
        return 1
    with web:
        addresses = _hubs(settings)
        reached = (
            hubs.reachable_hubs(web, addresses)
            if set_name in ("auto", "full", "int8", "whisper-large")
            else frozenset()
        )
        if set_name == "auto":
            there = addresses.local.has_model("seaco-paraformer")
            set_name = "full" if there or "modelscope" in reached else "small"
            console.print(
                "Models of the full set are on this machine already: using them."
                if there
                else "ModelScope answers: fetching the full set of models."
                if set_name == "full"
                else "The model hubs do not answer: fetching the small set from the package indexes (about 230 MB).",
                soft_wrap=True,
            )
        sources = Sources(web, addresses, configured_index(), reached, hubs_first=set_name not in ("small", "tiny"))
        optional = OPTIONAL.get(set_name, ()) if "huggingface" in reached else ()
        failed = _fetch_each(
            console, set_name, lambda name, report_progress: fetch(models_dir, name, sources, report_progress), optional
        )
    if failed:
        again = f"{FETCH} --set {set_name}"
        console.print(f"What was downloaded is kept. Continue with: {again}", soft_wrap=True)
    return failed


def run_verify(models_dir: Path, console: Console) -> int:
    """Returns 0 if at least one model is installed and all installed models are intact."""
    damaged = 0
    present = [name for name in MODELS if (models_dir / name).exists()]
    for name in present:
        try:
            verify(models_dir, name)
            console.print(f"[green]ok[/]      {name}")
        except WeightsError as error:
            damaged += 1
            console.print(f"[red]damaged[/] {error.detail}", soft_wrap=True)
    if not present:
        console.print(f"No model is installed. Fix it with: {FETCH}")
    return 1 if damaged or not present else 0


def models_table(models_dir: Path) -> Table:
    table = Table("Model", "Set", "State", "Licence, by whom, where from", show_lines=True)
    table.columns[0].no_wrap = True
    for name, model in MODELS.items():
        sets = ", ".join(set_name for set_name, names in SETS.items() if name in names)
        manifest = read_manifest(models_dir / name)
        if manifest is not None and installed(models_dir, name):
            state = f"[green]installed[/]\n{manifest.size / 1e6:.1f} MB"
            last = manifest.source
        else:
            state = "[red]damaged[/]" if (models_dir / name).exists() else "missing"
            last = f"[bold]{install_command(name)}[/]"
        table.add_row(name, sets, state, f"{model.licence}\n{model.attribution}\n{last}")
    return table


def _fetch_each(
    console: Console,
    set_name: str,
    fetch_one: Callable[[str, ProgressCallback], str | None],
    optional: Sequence[str] = (),
) -> int:
    """1 if a model of the set could not be installed; of the `optional` ones that is only said."""
    failed = 0
    with Progress(
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn(), console=console
    ) as bars:
        tasks: dict[str, TaskID] = {}

        def report_progress(name: str, done: int, total: int | None) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=total)
            bars.update(tasks[name], completed=done, total=total)

        for name in (*SETS[set_name], *optional):
            try:
                source = fetch_one(name, report_progress)
            except WeightsError as error:
                failed += name not in optional
                bars.print(f"[yellow]{name}:[/] {escape(error.detail)}", soft_wrap=True)
            except OSError as error:
                failed += name not in optional
                bars.print(f"[yellow]{name}:[/] {escape(_disk_problem(error))}", soft_wrap=True)
            else:
                if source is not None:
                    bars.print(f"[green]{name}[/] installed, {MODELS[name].attribution}, from {source}", soft_wrap=True)
    if failed == 0:
        console.print(_INSTALLED_MESSAGES[set_name], soft_wrap=True)
    return 1 if failed else 0


def _disk_problem(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full. Free some space and run the command again."
    return f"cannot be written: {error.strerror or error}."


def _set_in(folder: Path) -> str:
    if (folder / "seaco-paraformer").is_dir():
        return "full"
    return "small" if (folder / "whisper-small").is_dir() else "tiny"


def _hubs(settings: Settings) -> Hubs:
    token = settings.hf_token.get_secret_value() if settings.hf_token else None
    home = settings.hf_home or Path.home() / ".cache" / "huggingface"
    if token is None and (home / "token").is_file():
        token = (home / "token").read_text(encoding="utf-8").strip() or None  # of `hf auth login`
    return Hubs(
        huggingface=settings.hf_endpoint or hubs.HUGGING_FACE,
        modelscope=os.environ.get("MODELSCOPE_ENDPOINT") or hubs.MODELSCOPE,
        token=token,
        local=LocalFiles(
            [
                settings.models_dir / "modelscope",  # where other programs of this kind have one put the models
                settings.models_dir / "huggingface",
                home,
                settings.modelscope_cache or Path.home() / ".cache" / "modelscope",
            ]
        ),
    )


def _settings() -> Settings:
    # Models can be fetched before there is a .env.
    return load_settings(needs_key=False)
