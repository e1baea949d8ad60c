"""Recordings: the uploaded files and what is known of them; and uploads, which are files on their way."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, ForeignKey, Index, String, select
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from backend.database import Base, UtcDateTime, new_id, utc_now


class Recording(Base):
    __tablename__ = "recordings"
    __table_args__ = (
        Index(None, "owner_id", "created_at"),
        Index(None, "owner_id", "sha256"),
        Index(None, "trashed_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(255))  #: the file name as the user knows it; never a path of ours
    extension: Mapped[str] = mapped_column(String(16))  #: of the stored original, generated from a list of ours
    size: Mapped[int] = mapped_column(BigInteger)  #: bytes of the original, or of all its parts
    sha256: Mapped[str] = mapped_column(String(64))  #: of the original, counted while it arrived
    parts: Mapped[int] = mapped_column(default=1, server_default="1")  #: files it came in; see `recordings.parts`
    duration: Mapped[float | None]  #: seconds, as the probe says, then as decoded
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    trashed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  #: it lies in the trash since then
    restored_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  #: taken out of it; retention counts anew
    original_removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  #: by retention; the rest stays
    audio_removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  #: the listening copy, likewise


class Upload(Base):
    __tablename__ = "uploads"
    __table_args__ = (Index(None, "owner_id", "created_at"), Index(None, "expires_at"))

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(255))  #: the file name as the user knows it
    size: Mapped[int] = mapped_column(BigInteger)  #: bytes announced
    received: Mapped[int] = mapped_column(BigInteger, default=0)  #: bytes that are on the disk for good
    sha256: Mapped[str | None] = mapped_column(String(64))  #: of the file, once it is whole
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def whole(self) -> bool:
        return self.sha256 is not None


def not_trashed(recording_id: "InstrumentedAttribute[str]") -> ColumnElement[bool]:
    """A condition for queries of what was made of recordings: that of a recording in the trash is not found."""
    kept: Any = select(Recording.id).where(Recording.id == recording_id, Recording.trashed_at.is_(None))
    exists: ColumnElement[bool] = kept.correlate_except(Recording).exists()
    return exists
