"""The desk writes what a language model adds to a finished transcript: jobs of the same queue, of other kinds."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from backend.database import Database
from backend.jobs.tables import Job, Kind, Stage
from backend.jobs.workspace import Workspace
from backend.minutes import budget, polishes, repairs
from backend.minutes import service as minutes
from backend.minutes.asking import Asking
from backend.minutes.models import Models
from backend.minutes.polish import polish
from backend.minutes.prompts import language_of
from backend.minutes.repair import propose
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
    """Where its owner has no model every job of these kinds fails with what to do; nothing else is touched."""

    database: Database
    models: Models

    async def write(self, job: Job, workspace: Workspace, report: Report, *, patient: bool) -> Written:
        """Do the job. Answers of the model lie in the workspace: a job that goes on pays for none of them twice.

        Raises BudgetSpent before anything is asked, and LanguageModelError; where `patient`, for anything that may
        succeed later."""
        async with self.database.read() as session:
            daily_tokens = self.models.settings.openai_daily_tokens
            await budget.check(session, owner_id=job.owner_id, daily_tokens=daily_tokens)
        model = await self.models.of(job.owner_id)
        await asyncio.to_thread(workspace.open)
        transcript = await self._transcript(job)
        document = await asyncio.to_thread(document_from_json, transcript.document)
        asking = Asking(model, _Shelf(workspace))
        works = {Kind.MINUTES: self._minutes, Kind.POLISH: self._polish, Kind.REPAIR: self._repair}
        try:
            return await works[Kind(job.kind)](_Task(job, transcript.number, document, asking, report, patient))
        finally:
            whose = {"owner_id": job.owner_id, "purpose": job.kind}
            await budget.note(self.database, **whose, model=model.name, endpoint=model.source, tally=asking.paid)

    async def _transcript(self, job: Job) -> Transcript:
        whose = {"owner_id": job.owner_id, "recording_id": job.recording_id}
        async with self.database.read() as session:
            if number := job.options.get("transcript"):
                return await transcripts.version(session, **whose, number=number)
            return await transcripts.newest(session, **whose)

    async def _minutes(self, task: "_Task") -> Written:
        template = template_of(task.job.options["template"])
        language = language_of(task.job.options["language"] or task.document.language)
        written = await summarize(
            task.document, template, language, task.asking, task.told(Stage.SUMMARIZE), patient=task.patient
        )

        async def keep(session: AsyncSession) -> object:
            made: dict[str, Any] = {"transcript": task.number, "template": template, "content": written.minutes}
            return await minutes.publish(session, **task.whose, **made, model=task.asking.model.name)

        return Written(task.document, written.warnings, keep)

    async def _polish(self, task: "_Task") -> Written:
        hotwords = task.job.options.get("hotwords") or ()
        polished = await polish(task.document, hotwords, task.asking, task.told(Stage.POLISH), patient=task.patient)

        async def keep(session: AsyncSession) -> object:
            return await polishes.publish(session, **task.whose, **task.facts, polished=polished)

        return Written(task.document, polished.warnings, keep)

    async def _repair(self, task: "_Task") -> Written:
        proposed = await propose(task.document, task.asking, task.told(Stage.REPAIR), patient=task.patient)

        async def keep(session: AsyncSession) -> object:
            return await repairs.publish(session, **task.whose, **task.facts, proposed=proposed)

        return Written(task.document, proposed.warnings, keep)


@dataclass(frozen=True, slots=True)
class _Task:
    """A job with what it needs: the version to read, the model, and whom to tell."""

    job: Job
    number: int
    document: Document
    asking: Asking
    report: Report
    patient: bool

    @property
    def whose(self) -> dict[str, Any]:
        return {"owner_id": self.job.owner_id, "recording_id": self.job.recording_id, "job_id": self.job.id}

    @property
    def facts(self) -> dict[str, Any]:
        return {"base": self.number, "model": self.asking.model.name, "used": self.asking.tally}

    def told(self, stage: Stage) -> Callable[[float, float], None]:
        return partial(self.report, stage)


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
