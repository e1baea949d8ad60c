"""Jobs that a language model does on a finished transcript: minutes, polish, repair and translation."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from backend.database import Database
from backend.engines.language_model_protocol import LanguageModelError
from backend.jobs.tables import Job, Kind, Stage
from backend.jobs.workspace import Workspace
from backend.minutes import budget, review, translations
from backend.minutes import service as minutes
from backend.minutes.cached_model import CachedModel
from backend.minutes.models import Models
from backend.minutes.polish import polish
from backend.minutes.polish_review import POLISH
from backend.minutes.prompts import language_of
from backend.minutes.repair import propose
from backend.minutes.repair_review import REPAIR
from backend.minutes.summarize import summarize
from backend.minutes.templates import Template
from backend.minutes.translate import translate
from backend.transcripts import service as transcripts
from backend.transcripts.document import Document, document_from_json
from backend.transcripts.tables import Transcript

ProgressCallback = Callable[[Stage, float, float], None]


@dataclass(frozen=True, slots=True)
class LanguageModelResult:
    """The result of such a job; `save` stores it in the transaction that ends the job."""

    document: Document
    warnings: list[dict[str, str]]
    save: Callable[[AsyncSession], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class LanguageModelJobs:
    """Runs these jobs. They fail when their owner has no language model; other jobs are not affected."""

    database: Database
    models: Models

    async def run(
        self, job: Job, workspace: Workspace, report_progress: ProgressCallback, *, fail_on_retryable: bool
    ) -> LanguageModelResult:
        """Do the job. Answers of the model are cached in the workspace, so a job that is continued asks nothing twice.

        Raises BudgetSpent before the first question, and LanguageModelError; if `fail_on_retryable`, also for errors
        that a later attempt may not have. The second line of their detail is the endpoint's own reason, where the owner
        may see it."""
        async with self.database.read() as session:
            daily_tokens = self.models.settings.openai_daily_tokens
            await budget.check(session, owner_id=job.owner_id, daily_tokens=daily_tokens)
        model = await self.models.get_model(job.owner_id)
        await asyncio.to_thread(workspace.open)
        transcript = await self._transcript(job)
        document = await asyncio.to_thread(document_from_json, transcript.document)
        cached_model = CachedModel(model, _AnswerCache(workspace))
        handlers = {
            Kind.MINUTES: self._minutes,
            Kind.POLISH: self._polish,
            Kind.REPAIR: self._repair,
            Kind.TRANSLATION: self._translation,
        }
        try:
            return await handlers[Kind(job.kind)](
                _Task(job, transcript.number, document, cached_model, report_progress, fail_on_retryable)
            )
        except LanguageModelError as error:
            if reason := (await self.models.explain(error, job.owner_id)).facts.get("endpoint_reason"):
                error.detail = f"{error.detail}\n{reason}"
            raise
        finally:
            scope = {"owner_id": job.owner_id, "purpose": job.kind}
            await budget.record_usage(
                self.database, **scope, model=model.name, endpoint=model.source, usage=cached_model.billed
            )

    async def _transcript(self, job: Job) -> Transcript:
        scope = {"owner_id": job.owner_id, "recording_id": job.recording_id}
        async with self.database.read() as session:
            if number := job.options.get("transcript"):
                return await transcripts.version(session, **scope, number=number)
            return await transcripts.newest(session, **scope)

    async def _minutes(self, task: "_Task") -> LanguageModelResult:
        template = template_of(task.job.options["template"])
        language = language_of(task.job.options["language"] or task.document.language)
        written = await summarize(
            task.document,
            template,
            language,
            task.cached_model,
            task.progress_of(Stage.SUMMARIZE),
            fail_on_retryable=task.fail_on_retryable,
        )

        async def save(session: AsyncSession) -> object:
            made: dict[str, Any] = {"transcript": task.number, "template": template, "content": written.minutes}
            return await minutes.publish(session, **task.scope, **made, model=task.cached_model.model.name)

        return LanguageModelResult(task.document, written.warnings, save)

    async def _polish(self, task: "_Task") -> LanguageModelResult:
        hotwords = task.job.options.get("hotwords") or ()
        polished = await polish(
            task.document,
            hotwords,
            task.cached_model,
            task.progress_of(Stage.POLISH),
            fail_on_retryable=task.fail_on_retryable,
        )

        async def save(session: AsyncSession) -> object:
            return await review.publish(session, POLISH, **task.scope, **task.facts, result=polished)

        return LanguageModelResult(task.document, polished.warnings, save)

    async def _repair(self, task: "_Task") -> LanguageModelResult:
        proposed = await propose(
            task.document, task.cached_model, task.progress_of(Stage.REPAIR), fail_on_retryable=task.fail_on_retryable
        )

        async def save(session: AsyncSession) -> object:
            return await review.publish(session, REPAIR, **task.scope, **task.facts, result=proposed)

        return LanguageModelResult(task.document, proposed.warnings, save)

    async def _translation(self, task: "_Task") -> LanguageModelResult:
        language = task.job.options["language"]
        owned = {"owner_id": task.job.owner_id, "recording_id": task.job.recording_id, "language": language}
        async with self.database.read() as session:
            known = await translations.known_lines(session, **owned)
        translated = await translate(
            task.document,
            language,
            task.job.options.get("hotwords") or (),
            known,
            task.cached_model,
            task.progress_of(Stage.TRANSLATE),
            fail_on_retryable=task.fail_on_retryable,
        )

        async def save(session: AsyncSession) -> object:
            return await translations.publish(
                session, **owned, job_id=task.job.id, **task.facts, lines=translated.lines
            )

        return LanguageModelResult(task.document, translated.warnings, save)


@dataclass(frozen=True, slots=True)
class _Task:
    """A job with what it needs: the version to read, the model, and the progress callback."""

    job: Job
    number: int
    document: Document
    cached_model: CachedModel
    report_progress: ProgressCallback
    fail_on_retryable: bool

    @property
    def scope(self) -> dict[str, Any]:
        return {"owner_id": self.job.owner_id, "recording_id": self.job.recording_id, "job_id": self.job.id}

    @property
    def facts(self) -> dict[str, Any]:
        return {"base": self.number, "model": self.cached_model.model.name, "used": self.cached_model.usage}

    def progress_of(self, stage: Stage) -> Callable[[float, float], None]:
        return partial(self.report_progress, stage)


def template_of(value: dict[str, Any]) -> Template:
    """The template that was stored with a job or with minutes."""
    return Template(**{**value, "parts": tuple(value["parts"])})


class _AnswerCache:
    """Answers of the language model, as artifacts of the job."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    async def get(self, key: str) -> dict[str, object] | None:
        found: dict[str, object] | None = await asyncio.to_thread(self.workspace.read, f"answer-{key}.json")
        return found

    async def put(self, key: str, value: dict[str, object]) -> None:
        await asyncio.to_thread(self.workspace.write, f"answer-{key}.json", value)
