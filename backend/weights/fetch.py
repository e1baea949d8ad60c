"""Fetch models: try each way to get one in turn, put the folder together aside, check it, move it into place."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from backend.weights import archives, hubs
from backend.weights.archives import Index
from backend.weights.catalogue import MODELS, SETS
from backend.weights.downloads import FetchFailed, Told
from backend.weights.hubs import Hubs
from backend.weights.model import Archive, Hub, Model, Origin
from backend.weights.store import (
    INCOMING,
    ModelDamaged,
    ModelMissing,
    WeightsError,
    adopt,
    install,
    installed,
    preparing,
    verify,
)

#: Set for the child that makes checkpoints: it may not ask the network for anything.
_OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "PYANNOTE_METRICS_ENABLED": "0"}


@dataclass(frozen=True, slots=True)
class Ways:
    """Where models may come from. `reached` are the hubs that answered; the others are not tried."""

    web: httpx.Client
    hubs: Hubs
    index: Index
    reached: frozenset[str] = frozenset({"huggingface", "modelscope"})
    hubs_first: bool = True


def fetch(models_dir: Path, name: str, ways: Ways, told: Told) -> str | None:
    """Install one model, unless it is whole already. Gives the origin's name; None where nothing was to do.

    Raises FetchFailed with a sentence for each way that did not work.
    """
    with _alone(models_dir):
        if whole(models_dir, name):
            return None
        if (source := MODELS[name].made_from) is not None:
            return _derive(models_dir, MODELS[name], source)
        failures = []
        for origin in _in_order(MODELS[name], ways):
            try:
                _fetch_from(models_dir, MODELS[name], origin, ways, told)
            except FetchFailed as error:
                failures.append(error.detail)
            else:
                return origin.name
        raise FetchFailed(" ".join(failures) or _nowhere(MODELS[name]))


def fetch_from_folder(models_dir: Path, name: str, folder: Path) -> str | None:
    """Install one model out of a local folder, for machines without a network."""
    with _alone(models_dir):
        if whole(models_dir, name):
            return None
        if (source := MODELS[name].made_from) is not None:
            return _derive(models_dir, MODELS[name], source)
        adopt(folder, models_dir, name)
        return str(folder)


def whole(models_dir: Path, name: str) -> bool:
    """Whether the model is installed and every byte of it is right."""
    try:
        verify(models_dir, name)
    except (ModelMissing, ModelDamaged):
        return False
    return True


def complete(models_dir: Path, wanted: str) -> bool:
    """Whether every model of a set is installed. Quick: nothing is hashed."""
    return all(installed(models_dir, name) for name in SETS[wanted])


def _in_order(model: Model, ways: Ways) -> Sequence[Origin]:
    possible = [
        origin
        for origin in model.origins
        if all(part.site in ways.reached for part in origin.parts if isinstance(part, Hub))
    ]
    return sorted(possible, key=lambda origin: origin.is_hub, reverse=ways.hubs_first)


def _nowhere(model: Model) -> str:
    pages = [part.page for origin in model.origins for part in origin.parts if isinstance(part, Hub)]
    return f"{model.name} is only at {', '.join(pages)}, and that cannot be reached from here."


def _fetch_from(models_dir: Path, model: Model, origin: Origin, ways: Ways, told: Told) -> None:
    kept = models_dir / INCOMING / "downloads"
    with preparing(models_dir, model.name) as prepared:
        for part in origin.parts:
            if isinstance(part, Hub):
                hubs.bring(ways.web, ways.hubs, part, kept, prepared, told)
            else:
                archives.bring(ways.web, ways.index, part, kept, prepared, told)
        if origin.making is not None:
            _make(prepared, origin)
        install(prepared, models_dir, model.name, source=origin.name, revision=origin.revision)
    for part in origin.parts:
        if isinstance(part, Archive):
            (kept / part.file_name).unlink(missing_ok=True)


def _derive(models_dir: Path, model: Model, source: str) -> str:
    """Make a model of another one that is here. Gives where it is from."""
    try:
        there = verify(models_dir, source)
    except WeightsError as error:
        raise FetchFailed(f"{model.name} is made of {source}. {error.detail}") from error
    origin = f"{source}, on this machine"
    with preparing(models_dir, model.name) as prepared:
        _run("backend.weights.int8", model.name, models_dir / source, prepared)
        install(prepared, models_dir, model.name, source=origin, revision=there.revision)
    return origin


def _make(prepared: Path, origin: Origin) -> None:
    given = [prepared]
    if origin.making == "pyannote-checkpoints":
        given += [prepared / "segmentation.onnx", prepared / "embedding.onnx"]
    _run("backend.weights.checkpoints", "The pyannote checkpoints", *given)
    for leftover in prepared.glob("*.onnx"):
        leftover.unlink()


def _run(module: str, made: str, *given: Path) -> None:
    """Run a module of ours as a child; FetchFailed with its last word where it could not make what it should."""
    root = Path(__file__).resolve().parent.parent.parent
    child = subprocess.run(
        [sys.executable, "-m", module, *(str(path.resolve()) for path in given)],
        cwd=root,
        env={**os.environ, **_OFFLINE},
        capture_output=True,
        text=True,
        check=False,
    )
    if child.returncode != 0:
        lines = child.stderr.strip().splitlines() or ["it said nothing"]
        raise FetchFailed(f"{made} could not be made on this machine: {lines[-1]}")


@contextmanager
def _alone(models_dir: Path) -> Iterator[None]:
    """Two fetches at once wait for each other: they would write the same download twice."""
    (models_dir / INCOMING).mkdir(parents=True, exist_ok=True)
    with (models_dir / INCOMING / "lock").open("w") as lock:
        try:
            import fcntl
        except ImportError:  # Windows: there a person has to take care
            yield
            return
        fcntl.flock(lock, fcntl.LOCK_EX)
        _sweep(models_dir)
        yield


def _sweep(models_dir: Path) -> None:
    """What a killed fetch has left is of no use, except downloads, which are continued."""
    for path in (models_dir / INCOMING).iterdir():
        if path.is_dir() and path.name != "downloads":
            shutil.rmtree(path, ignore_errors=True)
