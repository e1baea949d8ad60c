"""What is searched beside what was said: names of recordings and speakers, and minutes. Each belongs to a recording.

Whoever changes such a text calls `replace` in the same transaction. A new kind of text, such as comments or tags, is
one more `Kind`, this call, and its part of `backend.search.rebuild`."""

from collections.abc import Mapping
from enum import StrEnum

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.search import index
from backend.search.tables import SearchText


class Kind(StrEnum):
    NAME = "name"  #: of the recording
    SPEAKER = "speaker"  #: a name that a person gave
    MINUTES = "minutes"  #: a statement of the newest minutes


async def replace(
    session: AsyncSession, *, owner_id: str, recording_id: str, kind: Kind, texts: Mapping[str, str]
) -> None:
    """From this commit on these texts of a kind are found, by the part of the recording that each is, and no others.
    Only what has changed is written."""
    state = await index.current_state(session, recording_id)
    query = select(SearchText).where(SearchText.recording_id == recording_id, SearchText.kind == kind.value)
    rows = (await session.scalars(query)).all()
    before = {row.part: row for row in rows}
    scope = {"owner_id": owner_id, "recording_id": recording_id, "kind": kind.value}
    added: list[dict[str, object]] = []
    kept: set[int] = set()
    for position, (part, text) in enumerate(texts.items()):
        row = before.get(part)
        if row is None or row.text != text:
            added.append({**scope, "part": part, "position": position, "text": text})
        else:
            kept.add(row.id)
            row.position = position
    await index.delete_rows(session, SearchText, [row for row in rows if row.id not in kept])
    if added:
        await session.execute(insert(SearchText), added)
        found = await session.execute(query.with_only_columns(SearchText.id, SearchText.text))
        await index.add(session, SearchText, [(id, text) for id, text in found if id not in kept])
    session.add(state)
    await session.flush()


async def texts_of(session: AsyncSession, recording_id: str) -> dict[tuple[str, str], str]:
    """The texts of a recording that the index finds, by kind and part."""
    rows = (await session.scalars(select(SearchText).where(SearchText.recording_id == recording_id))).all()
    return {(row.kind, row.part): row.text for row in rows if await index.finds(session, SearchText, row.id, row.text)}
