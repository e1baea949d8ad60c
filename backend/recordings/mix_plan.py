"""What `backend.recordings.mix_tracks` is to do, and what it reports: two files in its folder."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_PLAN, _REPORT = "plan.json", "report.json"


@dataclass(frozen=True, slots=True)
class TrackFormat:
    """What the decoded blocks of a track consist of, and how far their timestamps can be believed."""

    rate: int
    channels: int
    clocked: bool  #: the container stores times; otherwise FFmpeg has derived them from the number of packets
    zero: float  #: the timestamp, in seconds, at which the recording starts
    longest_gap: float  #: seconds without audio that are believed
    longest_delay: float  #: seconds before the first block that are believed


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


@dataclass(frozen=True, slots=True)
class Report:
    seconds: float  #: of the mixed audio
    encoder: int  #: as `DecodedTrack.code`
    tracks: Sequence[DecodedTrack]
    channel_turns: Sequence[tuple[str, float, float]]  #: who spoke when, if each channel carries its own speech

    def write(self, folder: Path) -> None:
        (folder / _REPORT).write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, folder: Path) -> "Report":
        """Raises OSError if the process ended before it could report."""
        values = json.loads((folder / _REPORT).read_bytes())
        turns = [(str(channel), float(start), float(end)) for channel, start, end in values["channel_turns"]]
        return cls(values["seconds"], values["encoder"], [DecodedTrack(**one) for one in values["tracks"]], turns)
