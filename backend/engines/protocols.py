"""The interface of an engine: two Protocols and the values they take. Engines run in child processes."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from typing_extensions import Self

from backend.engines.turns import BATCH, Priority
from backend.speech.types import Diarization, Sentence

#: Called with the number of requests that come before, or None when the request has its turn.
WaitCallback = Callable[[int | None], None]


def keep_turn() -> None:
    """Used where an engine has nobody to yield to."""


def ignore_wait(_place: int | None) -> None:
    """Used where nobody is told."""


@dataclass(frozen=True, slots=True)
class TranscribeOptions:
    """How to transcribe. Finished chunks are stored in `checkpoint_file` and not recognised again. An engine calls
    `yield_turn` between chunks, where it holds no state that another request would change: it may take long to return,
    and does not return if the request was cancelled. `on_wait` is called in the server while others have the turn."""

    language: str = "zh"
    hotwords: tuple[str, ...] = ()
    checkpoint_file: Path | None = None
    yield_turn: Callable[[], None] = field(default=keep_turn, compare=False)
    priority: Priority = BATCH
    on_wait: WaitCallback = field(default=ignore_wait, compare=False)


@dataclass(frozen=True, slots=True)
class SpeakerHints:
    """How many people speak, as far as it is known. Equal bounds mean an exact number. The diarizer stores what its
    networks compute in `cache_file`, and reuses it even with other hints. How the voices sound is written to
    `voices_file`, as `voices_to_json`, if one is given."""

    min_speakers: int | None = None
    max_speakers: int | None = None
    cache_file: Path | None = None
    voices_file: Path | None = None
    yield_turn: Callable[[], None] = field(default=keep_turn, compare=False)  #: these as in TranscribeOptions
    priority: Priority = BATCH
    on_wait: WaitCallback = field(default=ignore_wait, compare=False)


#: The number format of a network's matrix products. auto: bfloat16 where the hardware supports it.
Precision = Literal["auto", "float32", "bfloat16"]


@dataclass(frozen=True, slots=True)
class Approximation:
    """Where an engine may approximate to save time. The cost of each in accuracy is in benchmarks/RESULTS.md."""

    precision: Precision = "auto"  #: of the diarizer
    pass_seconds: float = 60.0  #: audio convolved at once for the embeddings; 0: each chunk on its own, exactly
    step_seconds: float = 1.0  #: from one chunk to the next
    recogniser: Precision = "float32"  #: of the recogniser; the error of bfloat16 was not measured with its weights


#: Used unless the settings say otherwise.
DEFAULT_APPROXIMATION = Approximation()


@dataclass(frozen=True, slots=True)
class EngineContext:
    """What every adapter is built with, in its child process: the folder of models and the number of threads."""

    models: Path
    threads: int = 1
    script: Path | None = None  #: the script of the scripted engine
    approximation: Approximation = DEFAULT_APPROXIMATION
    whisper_models: Mapping[str, Path] = field(default_factory=dict)  #: WHISPER_MODELS: folders by name

    def to_json(self) -> str:
        script = None if self.script is None else str(self.script)
        folders = {name: str(folder) for name, folder in self.whisper_models.items()}
        return json.dumps(asdict(self) | {"models": str(self.models), "script": script, "whisper_models": folders})

    @classmethod
    def from_json(cls, text: str) -> Self:
        value = json.loads(text)
        script = None if value["script"] is None else Path(value["script"])
        folders = {name: Path(folder) for name, folder in value["whisper_models"].items()}
        approximation = Approximation(**value["approximation"])
        return cls(Path(value["models"]), value["threads"], script, approximation, folders)


class ProgressCallback(Protocol):
    """Called with the seconds of audio done and the total seconds; both only grow."""

    def __call__(self, done: float, total: float, /) -> None: ...


class Transcriber(Protocol):
    """Audio is a 16 kHz mono 16-bit wav file. Silence gives an empty list."""

    def transcribe(self, audio: Path, options: TranscribeOptions, progress: ProgressCallback) -> list[Sentence]: ...


class Diarizer(Protocol):
    def diarize(self, audio: Path, options: SpeakerHints, progress: ProgressCallback) -> Diarization: ...


class EngineError(Exception):
    """A request to an engine failed.

    Codes: `model_missing` (`detail` names the command that installs it), `model_damaged`, `audio_unreadable`,
    `engine_failed`, `engine_died`, `out_of_memory`, `disk_full`, `disk_failed`. Where `retry` is true the same request
    may succeed later.
    """

    def __init__(self, code: str, detail: str, retry: bool = False) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.retry = retry
