"""Keeps the passages of a recording as its newest transcript is, in the transaction that changes it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.search import index
from backend.search.tables import Passage, PassageState
from backend.search.terms import RULES
from backend.speech.types import Segment

#: Databases take some ten thousand parameters.
_ROWS_PER_STATEMENT = 1000


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
    await session.flush()
    await _delete(session, [row for row in rows if row.id not in kept])
    if added:
        await session.execute(insert(Passage), added)
        found = await session.execute(query.with_only_columns(Passage.id, Passage.text))
        await index.add(session, [(id, text) for id, text in found if id not in kept])
    await _note_version(session, recording_id, version)


async def remove(session: AsyncSession, recording_id: str) -> None:
    """Before the recording is deleted, so that no word of it is left in an index."""
    query = select(Passage).where(Passage.recording_id == recording_id)
    await _delete(session, (await session.scalars(query)).all())


async def clear(session: AsyncSession) -> None:
    """Remove every passage of every recording."""
    await index.clear(session)
    await session.execute(delete(Passage))
    await session.execute(delete(PassageState))


async def _delete(session: AsyncSession, rows: Sequence[Passage]) -> None:
    await index.remove(session, [(row.id, row.text) for row in rows])
    for start in range(0, len(rows), _ROWS_PER_STATEMENT):
        some = rows[start : start + _ROWS_PER_STATEMENT]
        gone = delete(Passage).where(Passage.id.in_([row.id for row in some]))
        await session.execute(gone.execution_options(synchronize_session=False))
        for row in some:
            session.expunge(row)


async def _note_version(session: AsyncSession, recording_id: str, version: int) -> None:
    state = await session.get(PassageState, recording_id)
    if state is None:
        session.add(PassageState(recording_id=recording_id, version=version, rules=RULES))
    else:
        state.version, state.rules = version, RULES
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


def time_of(passage: Passage, offset: int) -> float:
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
    return {row.segment_id: row.text for row in rows if await index.finds(session, row.id, row.text)}
