"""The jobs that follow a transcript if they were requested with the recording: a polish, then minutes."""

from dataclasses import asdict

from sqlalchemy.ext.asyncio import AsyncSession

from backend.engines.language_model_protocol import LanguageModelNotConfigured
from backend.errors import AppError
from backend.jobs import queue
from backend.jobs.queue import Limits
from backend.jobs.tables import Job, Kind
from backend.minutes.template_store import find as find_template


async def queue_follow_up(
    session: AsyncSession, job: Job, limits: Limits, *, has_model: bool
) -> tuple[Job | None, list[dict[str, str]]]:
    """Queue the job that follows `job`, in the transaction that ends it. If it cannot be queued that is a warning: the
    transcript exists, and the job can be requested later."""
    polish, template = job.kind == Kind.TRANSCRIPT.value and job.options.get("polish"), job.options.get("minutes")
    if not polish and not template:
        return None, []
    try:
        if not has_model:
            raise LanguageModelNotConfigured
        kind, options = Kind.POLISH, {"hotwords": job.options.get("hotwords", []), "minutes": template}
        if not polish:
            found = await find_template(session, owner_id=job.owner_id, key=str(template))
            kind, options = Kind.MINUTES, {"template": asdict(found), "language": None, "transcript": None}
        next = await queue.add(
            session,
            owner_id=job.owner_id,
            recording_id=job.recording_id,
            options=options,
            limits=limits,
            kind=kind,
        )
    except AppError as error:
        return None, [{"code": error.code, "detail": error.detail}]
    return next, []
