"""Whose turn it is at an engine: requests share it in slices, fairly between owners, and nobody starves."""

from collections.abc import Sequence
from dataclasses import dataclass

#: A request that was passed over this often is next.
_MAX_PASSED_OVER = 8


@dataclass(frozen=True, slots=True)
class Priority:
    """What the order of turns depends on. `seconds` is the length of the audio."""

    owner_id: str = ""
    seconds: float = 0.0
    interactive: bool = False  #: somebody waits for every word, as in a live session


#: Of a request that nobody in particular waits for.
BATCH = Priority()


@dataclass(slots=True)
class Claim:
    """One request that waits for a turn; `number` counts requests in the order they came."""

    number: int
    priority: Priority
    seconds_left: float
    passed_over: int = 0


class FairTurns:
    """Chooses the next turn: interactive requests first, then the owner who had the least time of the engine lately,
    and of an owner's requests the one with the least audio left."""

    def __init__(self) -> None:
        self._used: dict[str, float] = {}  #: engine seconds of owners who wait, comparable among them

    def choose(self, waiting: Sequence[Claim]) -> Claim:
        """One of `waiting`, which is not empty; the others have been passed over once more."""
        self._forget_all_but({claim.priority.owner_id for claim in waiting})
        chosen = min(waiting, key=self._rank)
        for claim in waiting:
            claim.passed_over = 0 if claim is chosen else claim.passed_over + 1
        return chosen

    def charge(self, claim: Claim, seconds: float) -> None:
        """Count a turn that took so many seconds."""
        owner = claim.priority.owner_id
        self._used[owner] = self._used.get(owner, 0.0) + seconds

    def place_of(self, claim: Claim, waiting: Sequence[Claim]) -> int:
        """How many of `waiting` come before this claim as things are now."""
        return sum(self._rank(other) < self._rank(claim) for other in waiting if other is not claim)

    def _rank(self, claim: Claim) -> tuple[bool, bool, float, float, int]:
        starved = claim.passed_over >= _MAX_PASSED_OVER
        used = self._used.get(claim.priority.owner_id, 0.0)
        return not claim.priority.interactive, not starved, used, claim.seconds_left, claim.number

    def _forget_all_but(self, owners: set[str]) -> None:
        """Who comes anew starts level with whoever had the least, or somebody who was away would hold the engine for
        as long as the others had it meanwhile."""
        least = min((used for owner, used in self._used.items() if owner in owners), default=0.0)
        self._used = {owner: self._used.get(owner, least) - least for owner in owners}
