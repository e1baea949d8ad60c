"""What all sweepers share: their context, the items they find, and the totals that are shown to admins."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from backend.database import Database
from backend.recordings.files import Storage

#: A file older than this is not part of an upload, a write or a delete in progress.
SWEEP_SECONDS = 3600.0

#: The number of ids in one query; every database accepts as many.
BATCH = 500


@dataclass(frozen=True, slots=True)
class HousekeepingContext:
    database: Database
    storage: Storage
    sweep_seconds: float = SWEEP_SECONDS


@dataclass(frozen=True, slots=True)
class Item:
    """Something that can be removed."""

    id: str  #: unique among those of its sweeper
    bytes: int
    owner_id: str | None  #: none if it belongs to nobody any more
    recording_id: str | None = None


class Sweeper(Protocol):
    """Finds what can be removed, and removes it. Admins see what it has found before they confirm."""

    @property
    def kind(self) -> str: ...

    async def find(self, context: HousekeepingContext, as_of: datetime) -> list[Item]:
        """What could be removed at `as_of`."""
        ...

    async def remove(self, context: HousekeepingContext, item: Item, as_of: datetime) -> bool:
        """Remove it, rows first, then files, unless it may no longer be removed; answers whether it was."""
        ...


@dataclass(slots=True)
class OwnerTotal:
    """The part of one owner."""

    count: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class CleanupTotal:
    """The items of one kind, counted by owner."""

    kind: str
    count: int = 0
    bytes: int = 0
    owners: dict[str | None, OwnerTotal] = field(default_factory=dict)


def total_of(kind: str, items: Iterable[Item]) -> CleanupTotal:
    shares: defaultdict[str | None, OwnerTotal] = defaultdict(OwnerTotal)
    for item in items:
        shares[item.owner_id].count += 1
        shares[item.owner_id].bytes += item.bytes
    count, size = (sum(getattr(share, name) for share in shares.values()) for name in ("count", "bytes"))
    return CleanupTotal(kind, count, size, dict(shares))
