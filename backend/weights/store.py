"""The folder of models: one folder per model, with a manifest of its files. A model is installed completely or not at
all."""

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

MANIFEST = "manifest.json"

#: The staging area: folders are prepared here and moved into place, and downloads are resumed here.
INCOMING = ".incoming"

#: What is wrong with a file of a model.
Damage = Literal["incomplete", "changed", "unknown"]


class WeightsError(Exception):
    """A problem with the weights that a person can fix; `detail` says how."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class ModelMissing(WeightsError):
    """The model is not installed."""


class ModelDamaged(WeightsError):
    """A file of the model has changed since it was installed, or is not the expected one."""

    def __init__(self, detail: str, *, file: str, damage: Damage) -> None:
        super().__init__(detail)
        self.file = file
        self.damage = damage


@dataclass(frozen=True, slots=True)
class FileFacts:
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was installed. It is written last, so a folder without a manifest was never finished."""

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


def verify(models_dir: Path, name: str, report_progress: Callable[[int], None] = lambda _bytes: None) -> Manifest:
    """Hash every file. Raises ModelMissing or ModelDamaged, whose `detail` names the command that fixes it."""
    folder = models_dir / name
    manifest = read_manifest(folder)
    if manifest is None:
        raise ModelMissing(f"The model {name} is not installed. Fix it with: {install_command(name)}")
    if _outdated(models_dir, name, manifest):
        told_why = (
            f"The model {name} was made of other weights than those of {MODELS[name].derived_from} that are here."
        )
        raise _damaged(name, told_why, MANIFEST, "changed")
    for path in MODELS[name].files:
        if path not in manifest.files:
            raise _damaged(name, f"The file {path} of the model {name} is missing.", path, "incomplete")
    for path, file in manifest.files.items():
        _verify_file(folder, name, path, file, report_progress)
    return manifest


def verify_file(models_dir: Path, name: str, path: str) -> Path:
    """The path of one file of a model, after hashing it. Raises ModelMissing or ModelDamaged."""
    manifest = read_manifest(models_dir / name)
    if manifest is None:
        raise ModelMissing(f"The model {name} is not installed. Fix it with: {install_command(name)}")
    if path not in manifest.files:
        raise _damaged(name, f"The file {path} of the model {name} is missing.", path, "incomplete")
    _verify_file(models_dir / name, name, path, manifest.files[path])
    return models_dir / name / path


def adopt(source_dir: Path, models_dir: Path, name: str) -> None:
    """Copy a model from a local folder: the model's own folder, or one that contains it under its name.

    Files in the catalogue must have the hash it names. Checkpoints that were generated on another machine are not in
    the catalogue: these must agree with the manifest in the folder.
    """
    model = MODELS[name]
    folder = source_dir / name if (source_dir / name).is_dir() else source_dir
    manifest = read_manifest(folder)
    with StagingFolder(models_dir, name) as staging:
        for path in model.files:
            if not (folder / path).is_file():
                raise ModelMissing(f"The folder {folder} does not contain the model {name}: there is no {path}.")
            target = staging / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / path, target)
            found = sha256(target)
            listed = manifest.files.get(path) if manifest and path in model.known_hashes else None
            if found not in model.allowed_hashes(path) and (listed is None or listed.sha256 != found):
                detail = f"{path} in {folder} is not the expected file (sha256 {found}). Nothing was copied."
                raise ModelDamaged(detail, file=path, damage="unknown")
        if manifest is None:
            install(staging, models_dir, name, source="a local folder", revision=model.origins[-1].revision)
        else:
            install(staging, models_dir, name, source=manifest.source, revision=manifest.revision)


def install(staging: Path, models_dir: Path, name: str, *, source: str, revision: str) -> None:
    """Write the manifest and move the finished folder into place. A kill leaves the old folder, the new one or none."""
    model = MODELS[name]
    files = {path: FileFacts((staging / path).stat().st_size, sha256(staging / path)) for path in model.files}
    manifest = {"files": {path: asdict(file) for path, file in files.items()}}
    text = json.dumps({**manifest, "source": source, "revision": revision, "licence": model.licence}, indent=2)
    (staging / MANIFEST).write_text(text + "\n", encoding="utf-8")
    _flush(staging, [*model.files, MANIFEST])
    target = models_dir / name
    if target.exists():
        aside = Path(tempfile.mkdtemp(prefix=f"{name}-old-", dir=models_dir / INCOMING))
        target.rename(aside / name)
        staging.rename(target)
        shutil.rmtree(aside)
    else:
        staging.rename(target)


class StagingFolder:
    """A new folder under `models/.incoming` in which a model is prepared. It is removed at the end in any case."""

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
    """The manifest of a model's folder; None if it is absent or cannot be read."""
    try:
        value = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files = {str(path): FileFacts(int(file["size"]), str(file["sha256"])) for path, file in value["files"].items()}
        return Manifest(files, str(value["source"]), str(value["revision"]), str(value["licence"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def install_command(name: str) -> str:
    """The command that installs or repairs a model."""
    set_name = next((set_name for set_name in ("small", "print", "whisper-large") if name in SETS[set_name]), "full")
    return f"{FETCH} --set {'int8' if MODELS[name].derived_from else set_name}"


def _outdated(models_dir: Path, name: str, manifest: Manifest) -> bool:
    """Whether the model it was generated from is absent or has another revision by now."""
    source = MODELS[name].derived_from
    if source is None:
        return False
    source_manifest = read_manifest(models_dir / source)
    return source_manifest is None or source_manifest.revision != manifest.revision


def _verify_file(
    folder: Path, name: str, path: str, file: FileFacts, report_progress: Callable[[int], None] = lambda _bytes: None
) -> None:
    allowed_hashes = MODELS[name].allowed_hashes(path)
    if _size(folder / path) != file.size or sha256(folder / path, report_progress) != file.sha256:
        raise _damaged(name, f"{path} of the model {name} has changed on disk.", path, "changed")
    if allowed_hashes and path not in MODELS[name].known_hashes and file.sha256 not in allowed_hashes:
        raise _damaged(name, f"{path} of the model {name} is not the expected file.", path, "unknown")


def _damaged(name: str, sentence: str, file: str, damage: Damage) -> ModelDamaged:
    return ModelDamaged(f"{sentence} Fix it with: {install_command(name)}", file=file, damage=damage)


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None


def _flush(folder: Path, paths: Iterable[str]) -> None:
    """Write the files to disk before the rename: after a power cut the manifest must not list files that are lost."""
    for path in paths:
        with (folder / path).open("rb+") as file:
            os.fsync(file.fileno())
