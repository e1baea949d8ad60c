"""The folder of weights: one folder a model, with a manifest that says what each file must be. Whole or absent."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from backend.checksums import sha256
from backend.weights.catalogue import FETCH, MODELS, SETS
from backend.weights.model import Model

MANIFEST = "manifest.json"

#: Where folders are put together before they are moved into place, and downloads wait to be continued.
INCOMING = ".incoming"

#: What is wrong with a file of a model.
Why = Literal["incomplete", "changed", "unknown"]


class WeightsError(Exception):
    """Something about the weights that a person can mend; `detail` says how."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class ModelMissing(WeightsError):
    """The model is not installed."""


class ModelDamaged(WeightsError):
    """A file of the model is not what it was when it was installed, or not what it should be."""

    def __init__(self, detail: str, *, file: str, why: Why) -> None:
        super().__init__(detail)
        self.file = file
        self.why = why


@dataclass(frozen=True, slots=True)
class FileFacts:
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was installed. Written last, so a folder without one was never finished."""

    files: dict[str, FileFacts]
    source: str
    revision: str
    licence: str

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files.values())


def installed(models_dir: Path, name: str) -> bool:
    """Whether every file is there with its size. Quick: nothing is hashed."""
    manifest = read_manifest(models_dir / name)
    return (
        manifest is not None
        and not _outdated(models_dir, name, manifest)
        and all(_size(models_dir / name / path) == file.size for path, file in manifest.files.items())
    )


def verify(models_dir: Path, name: str, told: Callable[[int], None] = lambda _bytes: None) -> Manifest:
    """Hash every file. Raises ModelMissing or ModelDamaged, whose `detail` names the command that mends it."""
    folder = models_dir / name
    manifest = read_manifest(folder)
    if manifest is None:
        raise ModelMissing(f"The model {name} is not installed. Mend it with: {mend(name)}")
    if _outdated(models_dir, name, manifest):
        told_why = f"The model {name} was made of other weights than those of {MODELS[name].made_from} that are here."
        raise _damaged(name, told_why, MANIFEST, "changed")
    for path in MODELS[name].files:
        if path not in manifest.files:
            raise _damaged(name, f"The model {name} lacks {path}.", path, "incomplete")
    for path, file in manifest.files.items():
        allowed = MODELS[name].allowed(path)
        if _size(folder / path) != file.size or sha256(folder / path, told) != file.sha256:
            raise _damaged(name, f"{path} of the model {name} has changed on disk.", path, "changed")
        if allowed and path not in MODELS[name].good and file.sha256 not in allowed:
            raise _damaged(name, f"{path} of the model {name} is not the one we know.", path, "unknown")
    return manifest


def adopt(source_dir: Path, models_dir: Path, name: str) -> None:
    """Copy a model in from a local folder: the model's own, or one that holds it under its name.

    Files that our catalogue knows must have the hash it names. Checkpoints that were made on another machine are not
    in the catalogue: those must agree with the manifest beside them.
    """
    model = MODELS[name]
    folder = source_dir / name if (source_dir / name).is_dir() else source_dir
    vouched = read_manifest(folder)
    with preparing(models_dir, name) as prepared:
        for path in model.files:
            if not (folder / path).is_file():
                raise ModelMissing(f"The folder {folder} does not hold the model {name}: there is no {path}.")
            target = prepared / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / path, target)
            found = sha256(target)
            promised = vouched.files.get(path) if vouched and path in _made_here(model) else None
            if found not in model.allowed(path) and (promised is None or promised.sha256 != found):
                told = f"{path} in {folder} is not the file we know (sha256 {found}). Nothing was copied."
                raise ModelDamaged(told, file=path, why="unknown")
        if vouched is None:
            install(prepared, models_dir, name, source="a local folder", revision=model.origins[-1].revision)
        else:
            install(prepared, models_dir, name, source=vouched.source, revision=vouched.revision)


def install(prepared: Path, models_dir: Path, name: str, *, source: str, revision: str) -> None:
    """Write the manifest and move the finished folder into place: a kill leaves the old, the new or none."""
    model = MODELS[name]
    files = {path: FileFacts((prepared / path).stat().st_size, sha256(prepared / path)) for path in model.files}
    manifest = {"files": {path: asdict(file) for path, file in files.items()}}
    text = json.dumps({**manifest, "source": source, "revision": revision, "licence": model.licence}, indent=2)
    (prepared / MANIFEST).write_text(text + "\n", encoding="utf-8")
    _flush(prepared, [*model.files, MANIFEST])
    target = models_dir / name
    if target.exists():
        aside = Path(tempfile.mkdtemp(prefix=f"{name}-old-", dir=models_dir / INCOMING))
        target.rename(aside / name)
        prepared.rename(target)
        shutil.rmtree(aside)
    else:
        prepared.rename(target)


class preparing:
    """A new folder under `models/.incoming` to put a model together in; gone afterwards, whatever happens."""

    def __init__(self, models_dir: Path, name: str) -> None:
        self._parent = models_dir / INCOMING
        self._name = name

    def __enter__(self) -> Path:
        self._parent.mkdir(parents=True, exist_ok=True)
        self._folder = Path(tempfile.mkdtemp(prefix=f"{self._name}-", dir=self._parent))
        self._folder.chmod(0o755)
        return self._folder

    def __exit__(self, *_error: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a model's folder; None where there is none that can be read."""
    try:
        value = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files = {str(path): FileFacts(int(file["size"]), str(file["sha256"])) for path, file in value["files"].items()}
        return Manifest(files, str(value["source"]), str(value["revision"]), str(value["licence"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def mend(name: str) -> str:
    """The command that installs a model, alone or again."""
    wanted = next((small for small in ("small", "print") if name in SETS[small]), "full")
    return f"{FETCH} --set {'int8' if MODELS[name].made_from else wanted}"


def _outdated(models_dir: Path, name: str, manifest: Manifest) -> bool:
    """Whether what it was made of is no longer there, or is another by now."""
    source = MODELS[name].made_from
    if source is None:
        return False
    there = read_manifest(models_dir / source)
    return there is None or there.revision != manifest.revision


def _damaged(name: str, sentence: str, file: str, why: Why) -> ModelDamaged:
    return ModelDamaged(f"{sentence} Mend it with: {mend(name)}", file=file, why=why)


def _made_here(model: Model) -> frozenset[str]:
    return frozenset(model.good)


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None


def _flush(folder: Path, paths: Iterable[str]) -> None:
    """A power cut after the rename must not leave a manifest that promises more than the disk holds."""
    for path in paths:
        with (folder / path).open("rb+") as file:
            os.fsync(file.fileno())
