"""What an engine is to the rest of the house: two Protocols and the values they take. Engines run in children."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, Protocol

from typing_extensions import Self

from backend.speech.types import Diarization, Sentence


@dataclass(frozen=True, slots=True)
class Listening:
    """How to transcribe. `finished` names the file where finished segments are kept: they are not heard twice."""

    language: str = "zh"
    hotwords: tuple[str, ...] = ()
    finished: Path | None = None


@dataclass(frozen=True, slots=True)
class SpeakerHints:
    """How many people speak, as far as it is known. Equal bounds mean an exact number. `passes` names the file where
    the diarizer keeps what it has made so far: it is not made twice, whatever the hints are then."""

    min_speakers: int | None = None
    max_speakers: int | None = None
    passes: Path | None = None


#: In which numbers a network multiplies. auto: bfloat16 where the machine multiplies it.
Precision = Literal["auto", "float32", "bfloat16"]


@dataclass(frozen=True, slots=True)
class Thrift:
    """Where an engine may be approximate to save time. What each costs in error is in benchmarks/RESULTS.md."""

    precision: Precision = "auto"  #: of the diarizer
    pass_seconds: float = 60.0  #: audio convolved at once for the embeddings; 0: each chunk for itself, exactly
    step_seconds: float = 1.0  #: from one chunk to the next
    recogniser: Precision = "float32"  #: what a recogniser multiplies in; nobody has measured bfloat16 on its weights


#: What is used unless something else is asked for.
EVERYDAY = Thrift()


@dataclass(frozen=True, slots=True)
class Home:
    """What every adapter is built with, inside its child: where the weights lie and how many threads it may use."""

    models: Path
    threads: int = 1
    script: Path | None = None  #: what the scripted engine plays
    thrift: Thrift = EVERYDAY

    def to_json(self) -> str:
        script = None if self.script is None else str(self.script)
        return json.dumps(asdict(self) | {"models": str(self.models), "script": script})

    @classmethod
    def from_json(cls, text: str) -> Self:
        value = json.loads(text)
        script = None if value["script"] is None else Path(value["script"])
        return cls(Path(value["models"]), value["threads"], script, Thrift(**value["thrift"]))


class Progress(Protocol):
    """Told how many seconds of the audio are done, of how many; both only grow."""

    def __call__(self, done: float, total: float, /) -> None: ...


class Transcriber(Protocol):
    """Audio is a 16 kHz mono 16-bit wav file. Silence gives an empty list."""

    def transcribe(self, audio: Path, options: Listening, progress: Progress) -> list[Sentence]: ...


class Diarizer(Protocol):
    def diarize(self, audio: Path, options: SpeakerHints, progress: Progress) -> Diarization: ...


class EngineError(Exception):
    """An engine could not do what it was asked.

    Codes: `model_missing` (mend it with the command in `detail`), `model_damaged`, `audio_unreadable`, `engine_failed`,
    `engine_died`, `out_of_memory`, `disk_full`, `disk_failed`. Where `retry` is true the same request may succeed
    later.
    """

    def __init__(self, code: str, detail: str, retry: bool = False) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.retry = retry
