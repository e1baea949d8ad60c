"""What follows a finished transcript, where it was asked for with the recording: a polish, then minutes."""

from dataclasses import asdict

from sqlalchemy.ext.asyncio import AsyncSession

from backend.engines.language import LanguageModelMissing
from backend.errors import AppError
from backend.jobs import queue
from backend.jobs.queue import Limits
from backend.jobs.tables import Job, Kind
from backend.minutes.wardrobe import find as find_template


async def follow(
    session: AsyncSession, job: Job, limits: Limits, *, has_model: bool
) -> tuple[Job | None, list[dict[str, str]]]:
    """Queue what follows `job`, in the transaction that ends it. What cannot be queued is a warning: the transcript is
    there all the same, and both can be asked for later."""
    polish, template = job.kind == Kind.TRANSCRIPT.value and job.options.get("polish"), job.options.get("minutes")
    if not polish and not template:
        return None, []
    try:
        if not has_model:
            raise LanguageModelMissing
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
