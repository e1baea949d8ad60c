"""What `backend.recordings.mix_tracks` is to do, as a file in its folder, and what it reports."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

_PLAN = "plan.json"


@dataclass(frozen=True, slots=True)
class TrackFormat:
    """What the decoded blocks of a track consist of, and how far their timestamps can be believed."""

    rate: int
    channels: int
    clocked: bool  #: the container stores times; otherwise FFmpeg has derived them from the number of packets
    zero: float  #: the timestamp, in seconds, at which the recording starts
    longest_gap: float  #: seconds without audio that are believed
    longest_delay: float  #: seconds before the first block that are believed
    #: Audio from the first number on, in seconds by its timestamp, comes later by the second. In order.
    pauses: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True, slots=True)
class TrackPlan:
    command: Sequence[str]  #: writes Matroska with PCM to its standard output
    format: TrackFormat


@dataclass(frozen=True, slots=True)
class Plan:
    """Parts are played one after the other, the tracks of a part at the same time."""

    parts: Sequence[Sequence[TrackPlan]]
    encoder: Sequence[str]  #: reads mono PCM from its standard input
    rate: int
    max_seconds: float

    def write(self, folder: Path) -> None:
        (folder / _PLAN).write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, folder: Path) -> "Plan":
        values: dict[str, Any] = json.loads((folder / _PLAN).read_bytes())
        parts = [
            [TrackPlan(track["command"], TrackFormat(**track["format"])) for track in part] for part in values["parts"]
        ]
        return cls(parts, values["encoder"], values["rate"], values["max_seconds"])


@dataclass(frozen=True, slots=True)
class DecodedTrack:
    """What became of one track. Times are seconds."""

    part: int
    track: int
    code: int  #: exit status of its FFmpeg, or the negative number of the signal that ended it
    decoded: float  #: audio that came from the decoder
    silence: float  #: inserted for gaps and a late start
    jumps: int  #: timestamps that could not be believed


def track_name(part: int, track: int) -> str:
    """How the messages of a track's FFmpeg begin."""
    return f"track {part}.{track}"


@dataclass(slots=True)
class Report:
    """What became of a plan. The child prints it line by line, as the disk may be full."""

    tracks: list[DecodedTrack] = field(default_factory=list)
    channel_turns: list[tuple[str, float, float]] = field(default_factory=list)  #: if each carries its own speech
    seconds: float = 0.0  #: of the mixed audio
    encoder: int | None = None  #: as `DecodedTrack.code`; None until the report is complete

    def lines(self) -> Iterator[str]:
        for track in self.tracks:
            yield f"track={json.dumps(asdict(track))}"
        for turn in self.channel_turns:
            yield f"turn={json.dumps(turn)}"
        yield f"end={json.dumps([self.seconds, self.encoder])}"

    def read(self, line: str) -> None:
        """Take in one of `lines`; other lines are ignored."""
        name, _, value = line.partition("=")
        if name == "track":
            self.tracks.append(DecodedTrack(**json.loads(value)))
        elif name == "turn":
            channel, start, end = json.loads(value)
            self.channel_turns.append((channel, start, end))
        elif name == "end":
            self.seconds, self.encoder = json.loads(value)
