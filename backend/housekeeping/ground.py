"""What every sweeper stands on, and the words they share: an item that may go, and the sums people are shown."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from backend.database import Database
from backend.recordings.files import Storage

#: Age at which what no row names is no upload, write or delete under way.
SWEEP_SECONDS = 3600.0

#: As many ids as one query names; every database takes them.
BATCH = 500


def _nobody(_owner_id: str, _jobs: Sequence[str]) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True)
class Ground:
    database: Database
    storage: Storage
    sweep_seconds: float = SWEEP_SECONDS
    gone: Callable[[str, Sequence[str]], None] = _nobody  #: told the owner and the jobs of a recording that went


@dataclass(frozen=True, slots=True)
class Item:
    """Something that may go."""

    id: str  #: unique among those of its sweeper
    bytes: int
    owner_id: str | None  #: none where it is nobody's any more
    recording_id: str | None = None


class Sweeper(Protocol):
    """Finds what may go, and takes it away. What is found is what is shown to people before they say yes."""

    @property
    def kind(self) -> str: ...

    async def find(self, ground: Ground, as_of: datetime) -> list[Item]:
        """What may go, judged by how things stood at `as_of`."""
        ...

    async def remove(self, ground: Ground, item: Item, as_of: datetime) -> bool:
        """Take it away, unless a second look says that it must stay: rows first, then files."""
        ...


@dataclass(slots=True)
class Share:
    """One owner's part of a sum."""

    count: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Sum:
    """How many items of one kind there are, and whose."""

    kind: str
    count: int = 0
    bytes: int = 0
    owners: dict[str | None, Share] = field(default_factory=dict)


def summed(kind: str, items: Iterable[Item]) -> Sum:
    shares: defaultdict[str | None, Share] = defaultdict(Share)
    for item in items:
        shares[item.owner_id].count += 1
        shares[item.owner_id].bytes += item.bytes
    count, size = (sum(getattr(share, name) for share in shares.values()) for name in ("count", "bytes"))
    return Sum(kind, count, size, dict(shares))
