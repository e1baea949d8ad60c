"""Jobs: requests to make or redo the transcript of a recording, or what a language model adds to it."""

from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import Base, UtcDateTime, new_id, utc_now


class Pool(str, Enum):
    """Jobs wait only for other jobs of their pool. The column is named `lane`."""

    ENGINES = "engines"  #: jobs that need this machine
    LANGUAGE = "language"  #: jobs that wait for the endpoint of a language model


class Kind(str, Enum):
    TRANSCRIPT = "transcript"  #: made by the engines
    MINUTES = "minutes"  #: a summary by a language model
    POLISH = "polish"  #: the text made readable by a language model
    REPAIR = "repair"  #: corrections of torn segments, proposed by a language model
    TRANSLATION = "translation"  #: the text in another language, by a language model

    @property
    def pool(self) -> Pool:
        return Pool.ENGINES if self is Kind.TRANSCRIPT else Pool.LANGUAGE


class Status(str, Enum):
    QUEUED = "queued"  #: waits for a runner
    RUNNING = "running"  #: a runner works on it
    DONE = "done"  #: the transcript is published; there may be warnings
    FAILED = "failed"  #: given up, with a code; a retry queues it again
    CANCELLED = "cancelled"  #: a person stopped it; the partial transcript stays


class Stage(str, Enum):
    PREPARE = "prepare"  #: FFmpeg makes speech.wav and the listening copy
    TRANSCRIBE = "transcribe"  #: a transcriber recognises sentences, while the diarizer works
    DIARIZE = "diarize"  #: a diarizer finds the turns
    MERGE = "merge"  #: sentences and turns become segments
    POLISH = "polish"  #: a language model reads window by window
    REPAIR = "repair"  #: a language model looks for torn segments, window by window
    TRANSLATE = "translate"  #: a language model translates window by window
    SUMMARIZE = "summarize"  #: a language model reads section by section


#: Statuses that a job does not leave without a retry.
FINAL = frozenset({Status.DONE, Status.FAILED, Status.CANCELLED})


class QueueLock(Base):
    """One row that every change of the queue updates first, so that changes happen one at a time on all servers."""

    __tablename__ = "queue_gate"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    moves: Mapped[int] = mapped_column(default=0)
    max_concurrent: Mapped[int | None]  #: limits that an admin has set; none: the setting holds
    max_per_user: Mapped[int | None]
    max_size: Mapped[int | None]


class Usage(Base):
    """How much audio of one user was queued in one month. It stays when recordings are deleted."""

    __tablename__ = "usages"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)  #: such as 2026-03, in UTC
    seconds: Mapped[float] = mapped_column(default=0.0)


class IdempotencyRecord(Base):
    """The first answer to a request with an Idempotency-Key."""

    __tablename__ = "answered"
    __table_args__ = (Index(None, "created_at"),)

    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)  #: its sha256
    request_hash: Mapped[str] = mapped_column("asked", String(64))  #: sha256: another request must not use the same key
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
    pool: Mapped[str] = mapped_column("lane", String(16), default=Pool.ENGINES.value, server_default=Pool.ENGINES.value)
    options: Mapped[dict[str, Any]] = mapped_column(JSON)  #: see `backend.jobs.options`
    status: Mapped[str] = mapped_column(String(16), default=Status.QUEUED.value)
    stage: Mapped[str | None] = mapped_column(String(16))  #: the one that runs
    attempt: Mapped[int] = mapped_column(default=0)  #: claims so far; the fencing token of the running one
    failures: Mapped[int] = mapped_column(default=0)  #: attempts that failed; a clean put-back does not count
    #: Host name, process id and start of the process that claimed it.
    runner: Mapped[str | None] = mapped_column(String(64))
    #: stage: [done, total] in seconds of audio, and how many jobs come before at its engine, if it waits for a turn
    progress: Mapped[dict[str, list[float]]] = mapped_column(JSON, default=dict)
    eta_seconds: Mapped[float | None]  #: until the running stages end, at the measured rate; none while unknown
    warnings: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)  #: [{"code", "detail", "names"?}]
    error_code: Mapped[str | None] = mapped_column(String(64))
    error_detail: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    not_before: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)  #: a retry waits until then
    fronted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  #: when an admin moved it to the front
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  #: of the present attempt
    heartbeat_at: Mapped[datetime | None] = mapped_column("beat_at", UtcDateTime)  #: of its runner
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
