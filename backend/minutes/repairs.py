"""Repairs of one owner's transcripts: what was proposed, how it stands, and what a person says to it."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from backend.engines.language import Tally
from backend.errors import InvalidInput
from backend.minutes.repair import Change, Item, Proposed, applied, repaired
from backend.minutes.review import looked_at, newest
from backend.minutes.tables import Repair
from backend.speech.types import Segment
from backend.transcripts import service as transcripts
from backend.transcripts.document import Document
from backend.transcripts.tables import Origin, Transcript

#: How an item stands: nobody said anything yet, a person did, or its segments were changed since.
Standing = Literal["open", "accepted", "rejected", "outdated"]


async def publish(
    session: AsyncSession,
    *,
    owner_id: str,
    recording_id: str,
    job_id: str,
    base: int,
    proposed: Proposed,
    model: str,
    used: Tally,
) -> Repair:
    """Keep what was proposed. The transcript is not touched."""
    row = Repair(
        recording_id=recording_id,
        owner_id=owner_id,
        job_id=job_id,
        base=base,
        items=[_stored(item) for item in proposed.items],
        model=model[:128],
        calls=used.calls,
        prompt_tokens=used.prompt_tokens,
        completion_tokens=used.completion_tokens,
    )
    session.add(row)
    await session.flush()
    return row


async def review(
    session: AsyncSession,
    *,
    owner_id: str,
    recording_id: str,
    author_id: str,
    based_on: int,
    accept: Collection[int],
    reject: Collection[int],
) -> Transcript:
    """The version with the items of `accept` in it, one of its own; the newest, where nothing was accepted. Raises
    TranscriptChanged where `based_on` is not the newest version."""
    whose = {"owner_id": owner_id, "recording_id": recording_id}
    found = await newest(session, Repair, **whose)
    document = await looked_at(session, **whose, based_on=based_on)
    now = standings(document, found.items)
    named = [*accept, *reject]
    if len(set(named)) < len(named) or not all(0 <= id < len(now) for id in named):
        raise InvalidInput("An item is named that is not there, or it is named twice.")
    if any(now[id] not in ("open", "rejected") for id in accept) or any(now[id] != "open" for id in reject):
        raise InvalidInput("An item is named that was settled, or whose segments were changed since.")
    for id in accept:
        item = _item(document, found.items[id])
        assert item is not None, "it is open"
        document = applied(document, item)
    said = {**dict.fromkeys(accept, "accepted"), **dict.fromkeys(reject, "rejected")}
    found.items = [item | ({"said": said[id]} if id in said else {}) for id, item in enumerate(found.items)]
    if not accept:
        return await transcripts.newest(session, **whose)
    return await transcripts.save(
        session,
        owner_id=owner_id,
        recording_id=recording_id,
        author_id=author_id,
        document=document,
        based_on=based_on,
        origin=Origin.REPAIR,
    )


def standings(document: Document, items: Sequence[dict[str, Any]]) -> list[Standing]:
    """How each item stands in this document."""

    def one(item: dict[str, Any]) -> Standing:
        if _item(document, item) is None:
            return "accepted" if item["said"] == "accepted" else "outdated"
        # What was accepted and then taken back by hand may be accepted once more.
        return "rejected" if item["said"] == "rejected" else "open"

    return [one(item) for item in items]


def _item(document: Document, stored: dict[str, Any]) -> Item | None:
    """The item in this document, where its segments are still as they were."""
    change = Change(**{**stored["change"], "segments": tuple(stored["change"]["segments"])})
    found = repaired(document, change)
    if found is None or [_piece(one) for one in found[0]] != stored["before"]:
        return None
    return Item(change, *found)


def _stored(item: Item) -> dict[str, Any]:
    return {
        "change": asdict(item.change) | {"segments": list(item.change.segments)},
        "before": [_piece(one) for one in item.before],
        "after": [_piece(one) for one in item.after],
        "said": "",
    }


def _piece(segment: Segment) -> dict[str, Any]:
    times = {"start": round(segment.start, 3), "end": round(segment.end, 3)}
    return {"id": segment.id, "speaker": segment.speaker, **times, "text": segment.text}
