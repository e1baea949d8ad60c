"""Rules of retention: what goes by itself, and how many days after what. None is there until an admin sets it."""

from datetime import datetime
from enum import Enum

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import Base, UtcDateTime, utc_now


class Keeps(str, Enum):
    """What a rule is about."""

    ORIGINALS = "originals"  #: uploaded files, where there is a transcript
    LISTENING_COPIES = "listening_copies"  #: what the browser plays, with its peaks
    ARTIFACTS = "artifacts"  #: what ended jobs have left
    RECORDINGS = "recordings"  #: with all that was made of them; they go by way of the trash


class Since(str, Enum):
    """From when the days are counted; from the restore, where something was taken out of the trash later."""

    UPLOADED = "uploaded"
    WORKED = "worked"  #: the last job ended, or the last version was saved


class RetentionRule(Base):
    __tablename__ = "retention_rules"

    kind: Mapped[str] = mapped_column(String(24), primary_key=True)  #: of Keeps
    days: Mapped[int | None]  #: none: nothing goes
    since: Mapped[str] = mapped_column(String(16), default=Since.UPLOADED.value)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, onupdate=utc_now)
