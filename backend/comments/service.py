"""The comments of a recording. Every query names the owner; the recording of another user is not found."""

from collections.abc import Sequence

from sqlalchemy import delete as remove
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.comments.anchor import Anchor
from backend.comments.tables import Comment
from backend.database import utc_now
from backend.errors import Conflict, InvalidInput, NotFound
from backend.events.log import record
from backend.events.tables import EventKind
from backend.recordings import service as recordings

MAX_PER_RECORDING = 2_000
MAX_CHARACTERS = 5_000


class CommentNotFound(NotFound):
    code = "comment_not_found"
    detail = "There is no such comment, or it is not yours."


class CommentEmpty(InvalidInput):
    code = "comment_empty"
    detail = "A comment needs a text."


class TooManyComments(Conflict):
    code = "too_many_comments"
    detail = f"This recording has {MAX_PER_RECORDING} comments. Delete some you do not need."


async def list_comments(session: AsyncSession, *, owner_id: str, recording_id: str) -> Sequence[Comment]:
    """All of them, in the order in which they were written."""
    await recordings.find(session, owner_id=owner_id, recording_id=recording_id)
    query = select(Comment).where(Comment.recording_id == recording_id, Comment.owner_id == owner_id)
    return (await session.scalars(query.order_by(Comment.created_at, Comment.id))).all()


async def add(
    session: AsyncSession, *, owner_id: str, recording_id: str, text: str, anchor: Anchor, version: int
) -> Comment:
    """The first comment of a new thread."""
    await recordings.find(session, owner_id=owner_id, recording_id=recording_id)
    comment = Comment(
        segment_id=anchor.segment_id,
        start=anchor.start,
        end=anchor.end,
        quote=anchor.quote,
        before=anchor.before,
        after=anchor.after,
        at=anchor.at,
        version=version,
    )
    return await _add(session, owner_id, recording_id, comment, text)


async def reply(session: AsyncSession, *, owner_id: str, recording_id: str, comment_id: str, text: str) -> Comment:
    """Add a comment to the thread of a comment."""
    to = await find(session, owner_id=owner_id, recording_id=recording_id, comment_id=comment_id)
    return await _add(session, owner_id, recording_id, Comment(thread_id=to.thread_id or to.id), text)


async def find(session: AsyncSession, *, owner_id: str, recording_id: str, comment_id: str) -> Comment:
    await recordings.find(session, owner_id=owner_id, recording_id=recording_id)
    comment = await session.get(Comment, comment_id)
    if comment is None or comment.recording_id != recording_id or comment.owner_id != owner_id:
        raise CommentNotFound
    return comment


async def change(session: AsyncSession, comment: Comment, *, text: str | None, resolved: bool | None) -> None:
    """None leaves it as it is. Of a reply, the whole thread is resolved or opened again."""
    if text is not None:
        comment.text, comment.edited_at = _clean(text), utc_now()
    if resolved is not None:
        first = comment if comment.thread_id is None else await session.get(Comment, comment.thread_id)
        assert first is not None  # a reply is deleted with its thread
        first.resolved_at = (first.resolved_at or utc_now()) if resolved else None
    await session.flush()


async def delete(session: AsyncSession, comment: Comment) -> None:
    """Delete a reply; of the first comment, the whole thread."""
    await session.execute(remove(Comment).where(Comment.id == comment.id))


async def _add(session: AsyncSession, owner_id: str, recording_id: str, comment: Comment, text: str) -> Comment:
    count = select(func.count()).select_from(Comment).where(Comment.recording_id == recording_id)
    if (await session.scalar(count) or 0) >= MAX_PER_RECORDING:
        raise TooManyComments
    comment.owner_id, comment.author_id, comment.recording_id = owner_id, owner_id, recording_id
    comment.text = _clean(text)
    session.add(comment)
    await session.flush()
    record(session, EventKind.COMMENT_ADDED, owner_id=owner_id, recording_id=recording_id, comment=comment.id)
    return comment


def _clean(text: str) -> str:
    """Without characters that no database takes or nobody sees, but with lines. Raises CommentEmpty."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    cleaned = "".join(one for one in lines if one in "\n\t" or one.isprintable() or one.isspace()).strip()
    if not cleaned:
        raise CommentEmpty
    return cleaned
