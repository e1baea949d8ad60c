"""The servers that live, and what each of them holds. No backup has these rows: they end with their servers."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import NOT_BACKED_UP, Base, UtcDateTime


class ServerRow(Base):
    """One server process. It is alive until `expires_at`, which each of its heartbeats moves on."""

    __tablename__ = "servers"
    __table_args__ = NOT_BACKED_UP

    id: Mapped[str] = mapped_column(String(64), primary_key=True)  #: see `backend.coordination.server`
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)  #: by the clock of the database


class LeaseRow(Base):
    """One of a limited number of places, held by one server. It ends with its holder."""

    __tablename__ = "leases"
    __table_args__ = (UniqueConstraint("kind", "subject", "place"), Index(None, "holder"), NOT_BACKED_UP)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))  #: see `backend.coordination.leases.Kind`
    subject: Mapped[str] = mapped_column(String(64))  #: what the limit is for, such as a user
    place: Mapped[int]  #: from 0, below the limit
    holder: Mapped[str] = mapped_column(ForeignKey("servers.id", ondelete="CASCADE"))
