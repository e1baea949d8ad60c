"""The review of a repair: nothing is changed before a person accepts an item."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from backend.errors import InvalidInput, NotFound
from backend.events.tables import EventKind
from backend.minutes.repair import Change, Item, RepairProposals, apply_change, apply_item
from backend.minutes.review import ReviewKind
from backend.minutes.tables import Repair
from backend.speech.types import Segment
from backend.transcripts.document import Document
from backend.transcripts.tables import Origin

#: How an item stands: not reviewed, reviewed by a person, or its segments were changed since.
RepairStanding = Literal["open", "accepted", "rejected", "outdated"]


class RepairNotFound(NotFound):
    code = "repair_not_found"
    detail = "This transcript was not searched for split segments, or it is not yours."


async def _content(session: AsyncSession, result: RepairProposals, **_scope: str) -> dict[str, Any]:
    """The transcript is not changed."""
    return {"items": [_item_to_json(item) for item in result.items]}


def _standings(document: Document, row: Repair) -> list[RepairStanding]:
    def standing(item: dict[str, Any]) -> RepairStanding:
        if _item_in(document, item) is None:
            return "accepted" if item["said"] == "accepted" else "outdated"
        # An item that was accepted and then undone by hand may be accepted once more.
        return "rejected" if item["said"] == "rejected" else "open"

    return [standing(item) for item in row.items]


def _check_ids(row: Repair, accept: Collection[int], reject: Collection[int]) -> None:
    """Ids are checked against the newest version, in `_decide`."""


async def _decide(
    session: AsyncSession, row: Repair, document: Document, accept: Sequence[int], reject: Sequence[int]
) -> Document | None:
    """The document with the items of `accept` applied. Both decisions are stored with the items."""
    standings = _standings(document, row)
    named = [*accept, *reject]
    if len(set(named)) < len(named) or not all(0 <= id < len(standings) for id in named):
        raise InvalidInput("An item is named that is not there, or it is named twice.")
    if any(standings[id] not in ("open", "rejected") for id in accept) or any(standings[id] != "open" for id in reject):
        raise InvalidInput("An item is named that was settled, or whose segments were changed since.")
    for id in accept:
        item = _item_in(document, row.items[id])
        assert item is not None, "it is open"
        document = apply_item(document, item)
    decisions = {**dict.fromkeys(accept, "accepted"), **dict.fromkeys(reject, "rejected")}
    row.items = [item | ({"said": decisions[id]} if id in decisions else {}) for id, item in enumerate(row.items)]
    return document if accept else None


def _item_in(document: Document, stored: dict[str, Any]) -> Item | None:
    """The item in this document; None where its segments were changed since."""
    change = Change(**{**stored["change"], "segments": tuple(stored["change"]["segments"])})
    found = apply_change(document, change)
    if found is None or [_segment_to_json(one) for one in found[0]] != stored["before"]:
        return None
    return Item(change, *found)


def _item_to_json(item: Item) -> dict[str, Any]:
    return {
        "change": asdict(item.change) | {"segments": list(item.change.segments)},
        "before": [_segment_to_json(one) for one in item.before],
        "after": [_segment_to_json(one) for one in item.after],
        "said": "",  #: accepted or rejected, once a person has decided
    }


def _segment_to_json(segment: Segment) -> dict[str, Any]:
    times = {"start": round(segment.start, 3), "end": round(segment.end, 3)}
    return {"id": segment.id, "speaker": segment.speaker, **times, "text": segment.text}


REPAIR: ReviewKind[Repair, int, RepairProposals, RepairStanding] = ReviewKind(
    table=Repair,
    not_found=RepairNotFound,
    content=_content,
    standings=_standings,
    check_ids=_check_ids,
    decide=_decide,
    origin=Origin.REPAIR,
    written=EventKind.REPAIR_WRITTEN,
)
