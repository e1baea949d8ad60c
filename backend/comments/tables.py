"""The table of comments."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import Base, UtcDateTime, new_id, utc_now


class Comment(Base):
    """The first comment of a thread has a place, and is resolved or open; replies name it as `thread_id`."""

    __tablename__ = "comments"
    __table_args__ = (Index(None, "recording_id", "created_at"), Index(None, "owner_id"), Index(None, "author_id"))

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"))
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))  #: of the recording
    author_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))  #: none: deleted
    thread_id: Mapped[str | None] = mapped_column(ForeignKey("comments.id", ondelete="CASCADE"), index=True)
    text: Mapped[str] = mapped_column(Text)
    segment_id: Mapped[str | None] = mapped_column(String(64))
    start: Mapped[int | None]  #: offset in code points of the segment's text, as it was then
    end: Mapped[int | None]
    quote: Mapped[str | None] = mapped_column(Text)
    before: Mapped[str | None] = mapped_column(String(64))  #: see `comments.anchor`
    after: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[float | None]  #: second of the recording
    version: Mapped[int | None]  #: number of the transcript's version that it was written on
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    edited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
