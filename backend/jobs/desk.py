"""The desk writes what a language model adds to a finished transcript: jobs of the same queue, of other kinds."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from backend.database import Database
from backend.engines.language import LanguageModel, LanguageModelMissing
from backend.jobs.tables import Job, Kind, Stage
from backend.jobs.workspace import Workspace
from backend.minutes import budget, polishes
from backend.minutes import service as minutes
from backend.minutes.asking import Asking
from backend.minutes.polish import polish
from backend.minutes.summarize import summarize
from backend.minutes.templates import Template
from backend.transcripts import service as transcripts
from backend.transcripts.document import Document, document_from_json
from backend.transcripts.tables import Transcript

Report = Callable[[Stage, float, float], None]


@dataclass(frozen=True, slots=True)
class Written:
    """What came of it; `keep` puts it into the transaction that ends the job."""

    document: Document
    warnings: list[dict[str, str]]
    keep: Callable[[AsyncSession], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Desk:
    """Without a model every job of these kinds fails with what to do; nothing else is touched."""

    database: Database
    model: LanguageModel | None

    async def write(self, job: Job, workspace: Workspace, report: Report, *, patient: bool) -> Written:
        """Do the job. Answers of the model lie in the workspace: a job that goes on pays for none of them twice.

        Raises LanguageModelError; where `patient`, for anything that may succeed later."""
        if self.model is None:
            raise LanguageModelMissing
        await asyncio.to_thread(workspace.open)
        transcript = await self._transcript(job)
        document = await asyncio.to_thread(document_from_json, transcript.document)
        asking = Asking(self.model, _Shelf(workspace))
        work = self._polish if job.kind == Kind.POLISH.value else self._minutes
        try:
            return await work(job, transcript.number, document, asking, report, patient)
        finally:
            await budget.note(
                self.database, owner_id=job.owner_id, purpose=job.kind, model=asking.model.name, tally=asking.paid
            )

    async def _transcript(self, job: Job) -> Transcript:
        whose = {"owner_id": job.owner_id, "recording_id": job.recording_id}
        async with self.database.read() as session:
            if number := job.options.get("transcript"):
                return await transcripts.version(session, **whose, number=number)
            return await transcripts.newest(session, **whose)

    async def _minutes(
        self, job: Job, number: int, document: Document, asking: Asking, report: Report, patient: bool
    ) -> Written:
        template = template_of(job.options["template"])
        written = await summarize(
            document,
            template,
            job.options["language"],
            asking,
            lambda done, total: report(Stage.SUMMARIZE, done, total),
            patient=patient,
        )

        async def keep(session: AsyncSession) -> object:
            return await minutes.publish(
                session,
                owner_id=job.owner_id,
                recording_id=job.recording_id,
                job_id=job.id,
                transcript=number,
                template=template,
                model=asking.model.name,
                content=written.minutes,
            )

        return Written(document, written.warnings, keep)

    async def _polish(
        self, job: Job, number: int, document: Document, asking: Asking, report: Report, patient: bool
    ) -> Written:
        polished = await polish(
            document,
            job.options.get("hotwords") or (),
            asking,
            lambda done, total: report(Stage.POLISH, done, total),
            patient=patient,
        )

        async def keep(session: AsyncSession) -> object:
            return await polishes.publish(
                session,
                owner_id=job.owner_id,
                recording_id=job.recording_id,
                job_id=job.id,
                base=number,
                polished=polished,
                model=asking.model.name,
                used=asking.tally,
            )

        return Written(document, polished.warnings, keep)


def template_of(value: dict[str, Any]) -> Template:
    """A template as it was stored with a job or with minutes."""
    return Template(**{**value, "parts": tuple(value["parts"])})


class _Shelf:
    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    async def get(self, key: str) -> dict[str, object] | None:
        found: dict[str, object] | None = await asyncio.to_thread(self.workspace.read, f"answer-{key}.json")
        return found

    async def put(self, key: str, value: dict[str, object]) -> None:
        await asyncio.to_thread(self.workspace.write, f"answer-{key}.json", value)
