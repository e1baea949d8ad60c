"""Recordings: the uploaded files and what is known of them."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import Base, UtcDateTime, new_id, utc_now


class Recording(Base):
    __tablename__ = "recordings"
    __table_args__ = (Index(None, "owner_id", "created_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(255))  #: the file name as the user knows it; never a path of ours
    extension: Mapped[str] = mapped_column(String(16))  #: of the stored original, generated from a list of ours
    size: Mapped[int] = mapped_column(BigInteger)  #: bytes of the original
    sha256: Mapped[str] = mapped_column(String(64))  #: of the original, counted while it arrived
    duration: Mapped[float | None]  #: seconds, as the probe says, then as decoded
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
