from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from backend.accounts.tables import User
from backend.comments import api
from backend.comments.anchor import PlaceState
from backend.comments.api import CommentPlaceChanged, NewComment, Reply
from backend.database import Database
from backend.speech.types import Segment, Word
from backend.transcripts.document import Document, document_to_json, plain_text
from backend.transcripts.tables import Transcript
from tests.jobs.conftest import recording_of  # noqa: F401  (a fixture)

MakeRecording = Callable[[str], Awaitable[str]]
WORDS = (Word("预算", 10.0, 10.5), Word("三百万", 11.0, 12.0))
SEGMENT = Segment("p1", 10.0, 12.0, "预算三百万。", words=WORDS)


async def publish(database: Database, recording: str, number: int, *segments: Segment) -> None:
    document = Document(20.0, (), segments)
    async with database.write() as session:
        session.add(
            Transcript(
                recording_id=recording,
                owner_id="ada",
                number=number,
                origin="person",
                document=document_to_json(document),
                text=plain_text(document),
            )
        )


async def test_a_thread_follows_its_words_and_tells_when_they_are_gone(
    database: Database,
    recording_of: MakeRecording,  # noqa: F811
) -> None:
    id = await recording_of("ada")
    await publish(database, id, 1, SEGMENT)
    comment = NewComment(text="谁批的？", segment_id="p1", start=2, end=5, quote="三百万")
    async with database.write() as session:
        ada = await session.get(User, "ada")
        assert ada is not None
        with pytest.raises(CommentPlaceChanged):
            await api.add_comment(id, comment.model_copy(update={"start": 1, "end": 4}), ada, session)
        with pytest.raises(CommentPlaceChanged):
            await api.add_comment(id, comment.model_copy(update={"segment_id": "p2"}), ada, session)
        thread = await api.add_comment(id, comment, ada, session)
        await api.add_reply(id, thread, Reply(text="王总"), ada, session)

    async def listed() -> api.ThreadOut:
        async with database.read() as session:
            [one] = await api.list_threads(id, ada, session)
        return one

    found = await listed()
    assert (found.id, found.quote, found.at, found.resolved_at) == (thread, "三百万", 11.0, None)
    assert (found.place.state, found.place.start, found.place.end) == (PlaceState.SAME, 2, 5)
    assert [(one.author, one.text) for one in found.comments] == [("ada", "谁批的？"), ("ada", "王总")]

    await publish(database, id, 2, replace(SEGMENT, text="所以预算三百万。"))
    assert (await listed()).place.start == 4
    await publish(database, id, 3, replace(SEGMENT, text="预算三百二十万。"))
    assert (await listed()).place.state is PlaceState.CHANGED
    await publish(database, id, 4, Segment("p7", 0.0, 3.0, "开始。"))
    gone = await listed()
    assert (gone.place.state, gone.place.segment_id, gone.quote) == (PlaceState.GONE, "p7", "三百万")
