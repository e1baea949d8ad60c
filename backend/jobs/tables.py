"""Jobs: requests to make or redo the transcript of a recording, or what a language model adds to it."""

from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import Base, UtcDateTime, new_id, utc_now


class Lane(str, Enum):
    """Jobs of one lane wait for each other and for nobody else."""

    ENGINES = "engines"  #: they need this machine
    LANGUAGE = "language"  #: they wait for an endpoint


class Kind(str, Enum):
    TRANSCRIPT = "transcript"  #: what the engines hear
    MINUTES = "minutes"  #: what a language model sums up
    POLISH = "polish"  #: what a language model makes readable
    REPAIR = "repair"  #: what a language model would repair of torn segments

    @property
    def lane(self) -> Lane:
        return Lane.ENGINES if self is Kind.TRANSCRIPT else Lane.LANGUAGE


class Status(str, Enum):
    QUEUED = "queued"  #: waits for a runner
    RUNNING = "running"  #: a runner is at it
    DONE = "done"  #: the transcript is published; there may be warnings
    FAILED = "failed"  #: given up, with a code; a retry queues it again
    CANCELLED = "cancelled"  #: a person stopped it; what was heard is kept


class Stage(str, Enum):
    PREPARE = "prepare"  #: FFmpeg makes speech.wav and the listening copy
    TRANSCRIBE = "transcribe"  #: a transcriber hears sentences; the diarizer works beside it
    DIARIZE = "diarize"  #: a diarizer finds the turns
    MERGE = "merge"  #: sentences and turns become segments
    POLISH = "polish"  #: a language model reads window by window
    REPAIR = "repair"  #: a language model looks for torn segments, window by window
    SUMMARIZE = "summarize"  #: a language model reads section by section


#: Statuses a job does not leave by itself.
FINAL = frozenset({Status.DONE, Status.FAILED, Status.CANCELLED})


class Gate(Base):
    """One row that every move of the queue touches first, so that moves happen one after the other everywhere."""

    __tablename__ = "queue_gate"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    moves: Mapped[int] = mapped_column(default=0)
    max_concurrent: Mapped[int | None]  #: limits that an admin has set while the server runs; none: as the settings say
    max_per_user: Mapped[int | None]
    max_size: Mapped[int | None]


class Usage(Base):
    """How much audio of one user was taken on in one month; kept when recordings are deleted."""

    __tablename__ = "usages"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)  #: such as 2026-03, in UTC
    seconds: Mapped[float] = mapped_column(default=0.0)


class Answered(Base):
    """The first answer to a request that came with an Idempotency-Key."""

    __tablename__ = "answered"
    __table_args__ = (Index(None, "created_at"),)

    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)  #: its sha256
    asked: Mapped[str] = mapped_column(String(64))  #: sha256 of the request: another one must not have the same key
    answer: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class Job(Base):
    __tablename__ = "jobs"
    __table_args__ = (
        Index(None, "status", "lane", "owner_id", "created_at"),
        Index(None, "owner_id", "created_at"),
        Index(None, "owner_id", "started_at"),
        Index(None, "recording_id"),
        Index(None, "status", "finished_at"),
        Index(None, "started_at"),
        Index(None, "status", "fronted_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(16), default=Kind.TRANSCRIPT.value, server_default=Kind.TRANSCRIPT.value)
    lane: Mapped[str] = mapped_column(String(16), default=Lane.ENGINES.value, server_default=Lane.ENGINES.value)
    options: Mapped[dict[str, Any]] = mapped_column(JSON)  #: what was asked; see `backend.jobs.options`
    status: Mapped[str] = mapped_column(String(16), default=Status.QUEUED.value)
    stage: Mapped[str | None] = mapped_column(String(16))  #: the stage the runner is at
    attempt: Mapped[int] = mapped_column(default=0)  #: claims so far; the fencing token of the running one
    failures: Mapped[int] = mapped_column(default=0)  #: attempts that ended badly; a clean put-back is none
    runner: Mapped[str | None] = mapped_column(String(64))  #: who claimed it: host name, process and start
    progress: Mapped[dict[str, list[float]]] = mapped_column(JSON, default=dict)  #: stage: [done, total] in seconds
    eta_seconds: Mapped[float | None]  #: measured pace to the end of the present stages; none while unknown
    warnings: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)  #: [{"code", "detail"}]
    error_code: Mapped[str | None] = mapped_column(String(64))
    error_detail: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    not_before: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)  #: a retry waits until then
    fronted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  #: when an admin moved it to the front
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  #: of the present attempt
    beat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  #: the runner's last sign of life
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
