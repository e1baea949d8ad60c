"""The report of a check: the invariants and the problems found."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from backend.housekeeping.context import HousekeepingContext
from backend.jobs.queue import Limits

#: Each invariant as a sentence.
DESCRIPTIONS = {
    "DB": "The database is whole and of this version",
    "I1": "Every acknowledged upload is on the disk, byte for byte",
    "I2": "Every job has ended, waits, or runs and will be rescued if its runner dies",
    "I3": "No job was published more often than it was attempted",
    "I4": "Every finished job has its transcript: row, text and files agree, and no recognised text is missing",
    "I5": "No file without a row, no row without its file",
    "I6": "No more jobs run than the limits allow",
    "I8": "What was said is found: the index has the text of every newest transcript, and no other",
    "I9": "What happened is told: events have positions without a gap, and belong to recordings that were there",
    "I10": "Tags and folders belong to the owner of their recordings, and no folder lies too deep",
    "I11": "Every delivery waits, ends or is tried again, and events are delivered from where the log is",
    "I12": "Every sample of a voice is of a person who consents, and of a speaker who is called so",
}
#: What cannot be checked from rows and files.
NOT_CHECKED = [
    "I6 is checked for this moment only: rows do not show whether limits held before.",
    "I7 (no missed change on a WebSocket) cannot be checked from rows: a WebSocket starts with a snapshot of them.",
]


class CheckImpossible(Exception):
    """There is nothing to check, or it cannot be read. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Problem:
    invariant: str
    subject: str  #: the id of a recording, job or file
    what: str
    mend: str  #: what to do; named as in the JSON of `check --json`


@dataclass(slots=True)
class Report:
    problems: list[Problem] = field(default_factory=list)
    checked: Counter[str] = field(default_factory=Counter)  #: how many things were checked, by invariant
    notes: list[str] = field(default_factory=list)
    readable: bool = True  #: whether the tables have every column that the checks read

    @property
    def green(self) -> bool:
        return not self.problems


@dataclass(frozen=True, slots=True)
class CheckContext:
    """What is checked, and against which limits."""

    housekeeping: HousekeepingContext
    limits: Limits
    rescue_seconds: float
    hashes: bool
    now: datetime
