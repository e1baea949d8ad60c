"""Transcripts: the numbered versions of the document of one recording. Rows are added, never changed."""

from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import Base, LongText, UtcDateTime, new_id, utc_now


class Origin(str, Enum):
    MACHINE = "machine"  #: the result of the engines
    POLISH = "polish"  #: a version with the changes of a polish
    PERSON = "person"  #: edited by a person
    REPAIR = "repair"  #: a version with accepted repairs of split segments


class Transcript(Base):
    __tablename__ = "transcripts"
    __table_args__ = (UniqueConstraint("recording_id", "number"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"))
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    job_id: Mapped[str | None] = mapped_column(String(32))  #: the job that made it, where one did
    number: Mapped[int]  #: from 1; version 1 is always the result of the engines
    origin: Mapped[str] = mapped_column(String(16))
    author_id: Mapped[str | None] = mapped_column(String(32))  #: the person, where origin is person
    document: Mapped[dict[str, Any]] = mapped_column(JSON)  #: see `backend.transcripts.document`
    text: Mapped[str] = mapped_column(LongText)  #: plain, for searching
    aside: Mapped[bool] = mapped_column(
        default=False, server_default=false()
    )  #: side version: people had edited before
    mirrored: Mapped[bool] = mapped_column(
        default=False, index=True
    )  #: its files are written under uploads/transcripts/
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
