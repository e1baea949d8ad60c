"""HTTP routes of the comments of a recording."""

import asyncio
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.dependencies import CurrentUser, Reader, ReadSession, WriteSession
from backend.accounts.tables import User
from backend.comments import service
from backend.comments.anchor import Anchor, PlaceState, anchor_at, locate
from backend.comments.tables import Comment
from backend.errors import Conflict
from backend.search.passages import passages_of, time_of
from backend.speech.types import Segment
from backend.transcripts import service as transcripts
from backend.transcripts.api import RecordingId
from backend.transcripts.document import document_from_json

router = APIRouter(prefix="/api/recordings/{recording_id}/comments", tags=["comments"])

CommentId = Annotated[str, Path(max_length=64)]
Text = Annotated[str, Field(min_length=1, max_length=service.MAX_CHARACTERS)]
_Offset = Annotated[int, Field(ge=0, le=2**31 - 1)]


class CommentPlaceChanged(Conflict):
    code = "comment_place_changed"
    detail = "The text at this place was changed in the meantime. Select it again."


class CommentOut(BaseModel):
    id: str
    author: str | None = Field(description="the username; null if the account was deleted")
    text: str
    created_at: datetime
    edited_at: datetime | None


class PlaceOut(BaseModel):
    """Where the thread is in the newest version: offsets in code points of the text of the segment."""

    model_config = ConfigDict(from_attributes=True)

    state: PlaceState = Field(description="gone: only the time is left; changed: the words are others now")
    segment_id: str | None
    start: int
    end: int


class ThreadOut(BaseModel):
    id: str = Field(description="of its first comment")
    quote: str = Field(description="the words it was written about, as they were then")
    at: float = Field(description="second of the recording")
    place: PlaceOut
    resolved_at: datetime | None
    comments: list[CommentOut]


class NewComment(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: Text
    segment_id: Annotated[str, Field(max_length=64)]
    start: _Offset
    end: _Offset
    quote: str = Field(
        min_length=1, max_length=10_000, description="what stands there: from `start` up to `end`, in code points"
    )


class Reply(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: Text


class CommentChange(BaseModel):
    """Only what is given is changed."""

    model_config = ConfigDict(extra="forbid")

    text: Text | None = None
    resolved: bool | None = Field(default=None, description="of the whole thread")


@router.get("", summary="The threads of comments, in the order of the talk")
async def list_threads(recording_id: RecordingId, user: Reader, session: ReadSession) -> list[ThreadOut]:
    """Every thread is where its words are in the newest version; where they are gone, `place` says so."""
    found = await service.list_comments(session, owner_id=user.id, recording_id=recording_id)
    if not found:
        return []
    _, segments = await _newest(session, user.id, recording_id)
    authors = select(User.id, User.username).where(User.id.in_({one.author_id for one in found}))
    names = {id: name for id, name in await session.execute(authors)}
    threads = []
    for first in found:
        if first.thread_id is None:
            anchor = _anchor(first)
            comments = [_out(one, names) for one in found if first.id in (one.id, one.thread_id)]
            place = PlaceOut.model_validate(locate(segments, anchor))
            threads.append(
                ThreadOut(
                    id=first.id,
                    quote=anchor.quote,
                    at=anchor.at,
                    place=place,
                    resolved_at=first.resolved_at,
                    comments=comments,
                )
            )
    return sorted(threads, key=lambda one: one.at)


@router.post("", status_code=201, summary="Comment on a part of the text")
async def add_comment(recording_id: RecordingId, body: NewComment, user: CurrentUser, session: WriteSession) -> str:
    """Answers the id of the new thread."""
    version, segments = await _newest(session, user.id, recording_id)
    segment = next((one for one in segments if one.id == body.segment_id), None)
    if segment is None or segment.text[body.start : body.end] != body.quote:
        raise CommentPlaceChanged
    [passage] = passages_of([segment], {})
    anchor = anchor_at(segment, body.start, body.end, time_of(passage, body.start))
    made = await service.add(
        session, owner_id=user.id, recording_id=recording_id, text=body.text, anchor=anchor, version=version
    )
    return made.id


@router.post("/{comment_id}/replies", status_code=201, summary="Reply in a thread")
async def add_reply(
    recording_id: RecordingId, comment_id: CommentId, body: Reply, user: CurrentUser, session: WriteSession
) -> str:
    """Answers the id of the reply."""
    made = await service.reply(
        session, owner_id=user.id, recording_id=recording_id, comment_id=comment_id, text=body.text
    )
    return made.id


@router.patch("/{comment_id}", status_code=204, summary="Edit a comment, resolve its thread or open it again")
async def change_comment(
    recording_id: RecordingId, comment_id: CommentId, body: CommentChange, user: CurrentUser, session: WriteSession
) -> None:
    comment = await service.find(session, owner_id=user.id, recording_id=recording_id, comment_id=comment_id)
    await service.change(session, comment, text=body.text, resolved=body.resolved)


@router.delete("/{comment_id}", status_code=204, summary="Delete a comment; the first one with its thread")
async def delete_comment(
    recording_id: RecordingId, comment_id: CommentId, user: CurrentUser, session: WriteSession
) -> None:
    await service.delete(
        session, await service.find(session, owner_id=user.id, recording_id=recording_id, comment_id=comment_id)
    )


async def _newest(session: AsyncSession, owner_id: str, recording_id: str) -> tuple[int, tuple[Segment, ...]]:
    newest = await transcripts.newest(session, owner_id=owner_id, recording_id=recording_id)
    document = await asyncio.to_thread(document_from_json, newest.document)
    return newest.number, document.segments


def _anchor(first: Comment) -> Anchor:
    return Anchor(
        first.segment_id or "",
        first.start or 0,
        first.end or 0,
        first.quote or "",
        first.before or "",
        first.after or "",
        first.at or 0.0,
    )


def _out(comment: Comment, names: dict[str, str]) -> CommentOut:
    author = names.get(comment.author_id) if comment.author_id is not None else None
    return CommentOut(
        id=comment.id,
        author=author,
        text=comment.text,
        created_at=comment.created_at,
        edited_at=comment.edited_at,
    )
