"""Rules of retention: what is removed, how many days after what. There are none until an admin sets them."""

from datetime import datetime
from enum import Enum

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import Base, UtcDateTime, utc_now


class RetentionKind(str, Enum):
    """What a rule removes."""

    ORIGINALS = "originals"  #: uploaded files of recordings with a transcript
    LISTENING_COPIES = "listening_copies"  #: the audio for the browser, with its peaks
    ARTIFACTS = "artifacts"  #: of ended jobs
    RECORDINGS = "recordings"  #: with everything made from them; they are moved to the trash


class RetentionStart(str, Enum):
    """When the days start. If a recording was restored from the trash later, they start then."""

    UPLOADED = "uploaded"
    WORKED = "worked"  #: the last job ended, or the last version was saved


class RetentionRule(Base):
    __tablename__ = "retention_rules"

    kind: Mapped[str] = mapped_column(String(24), primary_key=True)  #: a RetentionKind
    days: Mapped[int | None]  #: none: nothing is removed
    since: Mapped[str] = mapped_column(String(16), default=RetentionStart.UPLOADED.value)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, onupdate=utc_now)
