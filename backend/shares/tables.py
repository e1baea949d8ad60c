"""The table of share links."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import Base, UtcDateTime, utc_now


class Share(Base):
    __tablename__ = "shares"
    __table_args__ = (Index(None, "recording_id", "created_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)  #: 128 random bits; part of the link
    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"))
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    code_hash: Mapped[str] = mapped_column(String(255))  #: argon2id of the access code
    audio: Mapped[bool]  #: whether it includes the audio
    transcript: Mapped[bool]
    minutes: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    opened: Mapped[int] = mapped_column(default=0)  #: how often it was opened with the right code
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  #: when it was last opened
