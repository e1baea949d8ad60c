from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import select

from backend.comments import service
from backend.comments.anchor import Anchor
from backend.comments.service import CommentEmpty, CommentNotFound
from backend.database import Database
from backend.events.tables import Event, EventKind
from backend.recordings.service import RecordingNotFound
from tests.jobs.conftest import recording_of  # noqa: F401  (a fixture)

MakeRecording = Callable[[str], Awaitable[str]]
ANCHOR = Anchor("p1", 0, 2, "预算", "", "定为三百万", 1.5)


async def test_a_thread_is_answered_resolved_and_opened_again(
    database: Database,
    recording_of: MakeRecording,  # noqa: F811
) -> None:
    id = await recording_of("ada")
    ada = {"owner_id": "ada", "recording_id": id}
    async with database.write() as session:
        first = await service.add(session, **ada, text=" 谁批的？\x00\r\n ", anchor=ANCHOR, version=3)
        reply = await service.reply(session, **ada, comment_id=first.id, text="王总")
        await service.reply(session, **ada, comment_id=reply.id, text="好")  # in the same thread
        await service.change(session, reply, text=None, resolved=True)
        assert first.resolved_at is not None
        await service.change(session, first, text="谁批的预算？", resolved=False)

    async with database.read() as session:
        found = await service.list_comments(session, **ada)
        told = select(Event.facts).where(Event.kind == EventKind.COMMENT_ADDED.value)
        assert {one["comment"] for one in await session.scalars(told)} == {one.id for one in found}
    by_text = {one.text: one for one in found}
    assert set(by_text) == {"谁批的预算？", "王总", "好"}
    assert {one.thread_id for one in found} == {None, first.id}
    top = by_text["谁批的预算？"]
    assert (top.quote, top.at, top.version, top.resolved_at) == ("预算", 1.5, 3, None)
    assert top.edited_at is not None

    async with database.write() as session:
        await service.delete(session, await service.find(session, **ada, comment_id=first.id))
        assert list(await service.list_comments(session, **ada)) == []


async def test_comments_of_others_are_not_found(
    database: Database,
    recording_of: MakeRecording,  # noqa: F811
) -> None:
    mine, other, theirs = await recording_of("ada"), await recording_of("ada"), await recording_of("mary")
    async with database.write() as session:
        comment = await service.add(session, owner_id="ada", recording_id=mine, text="?", anchor=ANCHOR, version=1)
        for owner, recording in (("mary", theirs), ("ada", other)):
            with pytest.raises(CommentNotFound):
                await service.reply(session, owner_id=owner, recording_id=recording, comment_id=comment.id, text="!")
        with pytest.raises(RecordingNotFound):
            await service.list_comments(session, owner_id="mary", recording_id=mine)
        with pytest.raises(CommentEmpty):
            await service.change(session, comment, text="\u200b \x00", resolved=None)
