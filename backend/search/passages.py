"""Keeps the passages of a recording as its newest transcript is, in the transaction that changes it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.search import index
from backend.search.tables import Passage
from backend.speech.types import Segment


@dataclass(frozen=True, slots=True)
class NewPassage:
    """A segment of a transcript; `speaker` is the name that a person gave, or None."""

    segment_id: str
    start: float
    end: float
    speaker: str | None
    text: str
    times: str


def passages_of(segments: Iterable[Segment], names: dict[str, str | None]) -> list[NewPassage]:
    """The passages of the segments that have text; `names` are those of the speakers by id."""
    return [
        NewPassage(one.id, one.start, one.end, names.get(one.speaker or ""), one.text, _times(one))
        for one in segments
        if one.text.strip()
    ]


async def replace(
    session: AsyncSession, *, owner_id: str, recording_id: str, version: int, passages: Sequence[NewPassage]
) -> None:
    """From this commit on, these are found and no others. Only what has changed is written."""
    state = await index.current_state(session, recording_id)
    query = select(Passage).where(Passage.recording_id == recording_id)
    rows = (await session.scalars(query)).all()
    before = {row.segment_id: row for row in rows}
    added: list[dict[str, object]] = []
    kept: set[int] = set()
    for position, new in enumerate(passages):
        values = {"position": position, **{name: getattr(new, name) for name in NewPassage.__slots__}}
        row = before.pop(new.segment_id, None)
        if row is None or row.text != new.text:
            added.append({"owner_id": owner_id, "recording_id": recording_id, **values})
            continue
        kept.add(row.id)
        for name, value in values.items():
            if getattr(row, name) != value:
                setattr(row, name, value)
    await index.delete_rows(session, Passage, [row for row in rows if row.id not in kept])
    if added:
        await session.execute(insert(Passage), added)
        found = await session.execute(query.with_only_columns(Passage.id, Passage.text))
        await index.add(session, Passage, [(id, text) for id, text in found if id not in kept])
    state.version = version
    session.add(state)
    await session.flush()


def _times(segment: Segment) -> str:
    """When its words begin, as `Passage.times`; words that are no longer in the text are left out."""
    pairs = []
    position = 0
    for word in segment.words:
        at = segment.text.find(word.text, position)
        if at < 0:
            continue
        pairs.append((at, round((word.start - segment.start) * 100)))
        position = at + len(word.text)
    return json.dumps(pairs, separators=(",", ":"))


def time_of(passage: Passage | NewPassage, offset: int) -> float:
    """The second of the recording in which the character at this offset of the text is said."""
    pairs: list[tuple[int, int]] = json.loads(passage.times)
    before = [hundredths for at, hundredths in pairs if at <= offset]
    if before:
        return passage.start + before[-1] / 100
    return passage.start + (passage.end - passage.start) * offset / (len(passage.text) or 1)


async def texts(session: AsyncSession, recording_id: str) -> dict[str, str]:
    """The texts of the passages of a recording that the index finds, by segment."""
    query = select(Passage.id, Passage.segment_id, Passage.text).where(Passage.recording_id == recording_id)
    rows = (await session.execute(query)).all()
    return {row.segment_id: row.text for row in rows if await index.finds(session, Passage, row.id, row.text)}
