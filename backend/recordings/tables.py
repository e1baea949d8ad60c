"""The tables of recordings and of unfinished uploads."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ColumnElement, ForeignKey, Index, String, select
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from backend.database import Base, UtcDateTime, new_id, utc_now
from backend.recordings.whitelists import VIDEO_TYPES


class Recording(Base):
    __tablename__ = "recordings"
    __table_args__ = (
        Index(None, "owner_id", "created_at"),
        Index(None, "owner_id", "sha256"),
        Index(None, "trashed_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(255))  #: the file name of the user; never part of a path
    extension: Mapped[str] = mapped_column(String(16))  #: of the stored original; never from a user
    size: Mapped[int] = mapped_column(BigInteger)  #: bytes of the original, or of all its parts
    sha256: Mapped[str] = mapped_column(String(64))  #: of the original, computed while it arrived
    parts: Mapped[int] = mapped_column(default=1, server_default="1")  #: number of files; see `recordings.parts`
    duration: Mapped[float | None]  #: seconds: first as probed, later as decoded
    notes: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)  #: made while it was recorded: [{"at", "text"}]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    trashed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  #: when it was moved to the trash
    restored_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  #: retention counts from then on
    original_removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  #: by retention; the rest stays
    audio_removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  #: the listening copy, likewise

    @property
    def video_type(self) -> str | None:
        """The media type of the original, if a browser may find a picture in it. The picture and the listening copy
        have one clock only if the recording is one file."""
        if self.parts > 1 or self.original_removed_at is not None:
            return None
        return VIDEO_TYPES.get(self.extension)


class Upload(Base):
    __tablename__ = "uploads"
    __table_args__ = (Index(None, "owner_id", "created_at"), Index(None, "expires_at"))

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(255))  #: the file name of the user
    size: Mapped[int] = mapped_column(BigInteger)  #: bytes announced
    received: Mapped[int] = mapped_column(BigInteger, default=0)  #: bytes that are safely on the disk
    sha256: Mapped[str | None] = mapped_column(String(64))  #: of the complete file; None while it is incomplete
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    #: When a server last asked the one that writes to it to end its request.
    interrupted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def complete(self) -> bool:
        return self.sha256 is not None


def not_trashed(recording_id: "InstrumentedAttribute[str]") -> ColumnElement[bool]:
    """A condition for tables that refer to recordings: their recording is not in the trash."""
    query: Any = select(Recording.id).where(Recording.id == recording_id, Recording.trashed_at.is_(None))
    exists: ColumnElement[bool] = query.correlate_except(Recording).exists()
    return exists
