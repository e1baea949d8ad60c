"""The events of jobs."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from backend.events.log import record
from backend.events.tables import EventKind
from backend.jobs.tables import Job


def record_job(session: AsyncSession, kind: EventKind, job: Job, code: str | None = None) -> None:
    """Record what happened to a job; `code` is that of its error, or why it waits."""
    facts: dict[str, Any] = {"job_kind": job.kind, "attempt": job.attempt} | ({"code": code} if code else {})
    record(session, kind, owner_id=job.owner_id, recording_id=job.recording_id, job_id=job.id, **facts)
