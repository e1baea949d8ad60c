"""The order of the queue: who floods it delays nobody else. Pure: rows in, ids out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """A queued job, as far as the order is concerned."""

    id: str
    owner_id: str
    attempt: int
    created_at: datetime
    fronted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A lane of the queue at one moment: who waits, how many each owner has running, when each was last served."""

    waiting: Sequence[Waiting]
    served: Mapping[str, datetime]
    running: Mapping[str, int]


def fair_order(line: Line, per_user: int) -> list[Waiting]:
    """The order in which waiting jobs will be claimed: the next is always the oldest of the owner with the fewest
    running, and among equals of the one who was served longest ago. Jobs of owners at their limit come behind.

    What an admin moved to the front goes before all that, the last one moved first; limits hold for it too."""
    lines: dict[str, list[Waiting]] = {}
    for job in sorted(line.waiting, key=lambda job: (-_fronted(job), job.created_at, job.id), reverse=True):
        lines.setdefault(job.owner_id, []).append(job)
    running, served = Counter(line.running), {owner: (when.timestamp(), 0) for owner, when in line.served.items()}
    order: list[Waiting] = []

    def turn(owner: str) -> tuple[bool, float, int, tuple[float, int], datetime, str]:
        first = lines[owner][-1]
        # Owners at their limit wait for one of their own to end; it is the same as starting behind everybody else.
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


def _fronted(job: Waiting) -> float:
    return job.fronted_at.timestamp() if job.fronted_at else 0.0
