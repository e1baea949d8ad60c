"""Events: one row for everything that happened to a recording, written in the transaction that made it so."""

from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.coordination.clock import DatabaseTime
from backend.database import Base, BigInt, UtcDateTime


class EventKind(str, Enum):
    """What happened. The values are stored and told to others, so they never change."""

    RECORDING_CREATED = "recording.created"
    RECORDING_RENAMED = "recording.renamed"
    RECORDING_TRASHED = "recording.trashed"  #: facts: jobs
    RECORDING_RESTORED = "recording.restored"  #: facts: jobs
    RECORDING_DELETED = "recording.deleted"  #: facts: jobs
    RECORDING_TRANSFERRED = "recording.transferred"  #: to `owner_id`; facts: from
    ORIGINAL_REMOVED = "recording.original_removed"  #: by a rule of retention
    AUDIO_REMOVED = "recording.audio_removed"  #: by a rule of retention
    JOB_QUEUED = "job.queued"  #: a new job, a retry, or one that was put back
    JOB_STARTED = "job.started"
    JOB_MOVED_TO_FRONT = "job.moved"
    JOB_DONE = "job.done"
    JOB_FAILED = "job.failed"
    JOB_CANCELLED = "job.cancelled"
    JOB_DELETED = "job.deleted"
    TRANSCRIPT_PUBLISHED = "transcript.published"  #: a version by a machine; facts: number, origin, aside
    TRANSCRIPT_EDITED = "transcript.edited"  #: a version by a person; facts: number, origin
    TRANSCRIPT_RESTORED = "transcript.restored"  #: an earlier version is the newest again; facts: number
    MINUTES_WRITTEN = "minutes.written"  #: facts: number
    POLISH_WRITTEN = "polish.written"
    REPAIR_WRITTEN = "repair.written"
    TRANSLATION_WRITTEN = "translation.written"  #: facts: language
    COMMENT_ADDED = "comment.added"  #: a new thread or a reply; facts: comment
    SHARE_CREATED = "share.created"  #: facts: share
    SHARE_REVOKED = "share.revoked"  #: facts: share
    CHANNEL_PAUSED = "channel.paused"  #: it fails; facts: channel, state (paused or stopped), code


class Event(Base):
    """It outlives what it names, so it has no foreign keys. It holds ids and codes, and no text of a meeting."""

    __tablename__ = "events"
    __table_args__ = (Index(None, "position", unique=True),)

    #: Given at the insert, so in another order than the commits: follow `position`.
    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    position: Mapped[int | None] = mapped_column(BigInt)  #: see `backend.events.log.number`; none until then
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=DatabaseTime())
    kind: Mapped[str] = mapped_column(String(32))  #: an EventKind
    owner_id: Mapped[str] = mapped_column(String(32))
    recording_id: Mapped[str | None] = mapped_column(String(32))
    job_id: Mapped[str | None] = mapped_column(String(32))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)


class EventSequence(Base):
    """One row: the positions of the event log."""

    __tablename__ = "event_sequence"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(BigInt, default=0)  #: the newest position
    swept: Mapped[int] = mapped_column(BigInt, default=0)  #: events up to this position have been deleted
