"""The words of the check: what is promised, and what was found to be otherwise."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from backend.housekeeping.ground import Ground
from backend.jobs.queue import Limits

#: What each invariant promises, for people.
PROMISES = {
    "DB": "The database is whole and of this version",
    "I1": "Every upload that was acknowledged is on the disk, byte for byte",
    "I2": "Every job has ended, waits, or runs and will be rescued if its runner dies",
    "I3": "No job was published more often than it ran",
    "I4": "What is done has its transcript: row, text and files agree, nothing that was heard is missing",
    "I5": "No file without a row, no row without its file",
    "I6": "No more jobs run than may",
}
#: What rows and files cannot tell.
UNSAID = [
    "I6 is looked at for this moment: that limits held before cannot be seen from rows.",
    "I7 (no gap in what a socket is told) cannot be seen from rows: sockets begin with a snapshot of them.",
]


class CannotLook(Exception):
    """There is nothing to look at, or it cannot be read; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Problem:
    invariant: str
    subject: str  #: the id of a recording, job or file
    what: str
    mend: str


@dataclass(slots=True)
class Report:
    problems: list[Problem] = field(default_factory=list)
    looked: Counter[str] = field(default_factory=Counter)  #: at how much
    notes: list[str] = field(default_factory=list)

    @property
    def green(self) -> bool:
        return not self.problems


@dataclass(frozen=True, slots=True)
class House:
    """What is looked at, and by which rules."""

    ground: Ground
    limits: Limits
    rescue_seconds: float
    hashes: bool
    now: datetime
