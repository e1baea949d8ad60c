"""The order of the queue: a user with many jobs delays nobody else. Pure functions: rows in, ids out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class WaitingJob:
    """What the order needs to know of a queued job."""

    id: str
    owner_id: str
    attempt: int
    created_at: datetime
    fronted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class QueueSnapshot:
    """A pool of the queue at one moment: the waiting jobs, and for each owner the running jobs and the last start."""

    waiting: Sequence[WaitingJob]
    served: Mapping[str, datetime]
    running: Mapping[str, int]


def fair_order(snapshot: QueueSnapshot, per_user: int) -> list[WaitingJob]:
    """The order in which waiting jobs will be claimed: next is the oldest job of the owner with the fewest running
    jobs, and among equals of the one who was served longest ago. Jobs of owners at their limit come last.

    Jobs that an admin moved to the front come before all others, the last one moved first, within the same limits."""
    lines: dict[str, list[WaitingJob]] = {}
    for job in sorted(snapshot.waiting, key=lambda job: (-_fronted(job), job.created_at, job.id), reverse=True):
        lines.setdefault(job.owner_id, []).append(job)
    running, served = (
        Counter(snapshot.running),
        {owner: (when.timestamp(), 0) for owner, when in snapshot.served.items()},
    )
    order: list[WaitingJob] = []

    def turn(owner: str) -> tuple[bool, float, int, tuple[float, int], datetime, str]:
        first = lines[owner][-1]
        # An owner at the limit waits for one of their own jobs to end, so their jobs come after everybody else's.
        held = running[owner] >= per_user
        return held, -_fronted(first), running[owner], served.get(owner, (0.0, 0)), first.created_at, first.id

    while lines:
        owner = min(lines, key=turn)
        order.append(lines[owner].pop())
        running[owner] += 1
        served[owner] = (float("inf"), len(order))
        if not lines[owner]:
            del lines[owner]
    return order


def _fronted(job: WaitingJob) -> float:
    return job.fronted_at.timestamp() if job.fronted_at else 0.0
