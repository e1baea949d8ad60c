"""The routes of minutes and templates: read, list, take away, edit."""

import asyncio
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.requests import HTTPConnection
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.access import Admin, CurrentUser, Reading, Writing
from backend.engines.language import LanguageModel, LanguageModelMissing, Tally
from backend.minutes import polishes, service, wardrobe
from backend.minutes.files import rests_on, written
from backend.minutes.form import MinutesForm, Used
from backend.minutes.tables import Minutes
from backend.minutes.templates import BUILT_IN, PARTS, Template
from backend.recordings import service as recordings
from backend.transcripts import service as transcripts
from backend.transcripts.api import Number, RecordingId, VersionAnswer
from backend.transcripts.document import document_from_json
from backend.transcripts.export import content_disposition, content_type, file_name
from backend.transcripts.form import Id

router = APIRouter(tags=["minutes"])

Language = Literal["zh", "en", "ja", "ko", "fr", "de", "es"]
Part = Literal["headline", "overview", "decisions", "actions", "questions", "topics", "speakers", "keywords"]
Key = Annotated[str, Path(max_length=32)]


def _perhaps(connection: HTTPConnection) -> LanguageModel | None:
    model: LanguageModel | None = connection.app.state.language_model
    return model


def _model(connection: HTTPConnection) -> LanguageModel:
    model = _perhaps(connection)
    if model is None:
        raise LanguageModelMissing
    return model


#: The language model, or LanguageModelMissing before anything else is done.
Model = Annotated[LanguageModel, Depends(_model)]


class LanguageModelState(BaseModel):
    """Whether there is one, its name, and what to do where there is none. The key and the address are not told."""

    configured: bool
    model: str | None = None
    code: str | None = None
    detail: str | None = None


class MinutesVersion(BaseModel):
    """`stale` where the transcript has a newer version than number `transcript`; nothing is made again by itself."""

    number: int
    transcript: int
    stale: bool
    template: dict[str, Any]
    model: str
    language: str
    covered: int
    segments: int
    job_id: str | None
    created_at: datetime


class MinutesAnswer(MinutesVersion):
    recording_id: str
    content: MinutesForm


class TemplateOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    key: str
    name: str
    guidance: str
    parts: list[Part]
    version: int
    built_in: bool


class TemplateIn(BaseModel):
    """`guidance` is what the model is told to look at; `parts` are shown in this order."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"\S")]
    guidance: Annotated[str, Field(max_length=1000)] = ""
    parts: Annotated[list[Part], Field(min_length=1, max_length=len(PARTS))]


class Change(BaseModel):
    segment: str
    before: str
    after: str
    reason: str = ""
    standing: polishes.Standing


class Refused(BaseModel):
    segment: str
    before: str
    after: str
    reason: str


class PolishAnswer(BaseModel):
    """`base` is the version that was polished, `number` the one that came of it, `newest` the one changes stand in."""

    base: int
    number: int | None
    newest: int
    model: str
    job_id: str | None
    created_at: datetime
    changes: list[Change]
    refused: list[Refused]
    used: Used


Ids = Annotated[list[Id], Field(max_length=50_000)]


class Review(BaseModel):
    """Ids of segments; `based_on` is the number of the version you looked at."""

    model_config = ConfigDict(extra="forbid")

    based_on: Number
    accept: Ids = []
    reject: Ids = []


@router.get("/api/language-model", summary="Whether a language model is set up")
async def language_model(
    _user: CurrentUser, model: Annotated[LanguageModel | None, Depends(_perhaps)]
) -> LanguageModelState:
    if model is None:
        missing = LanguageModelMissing()
        return LanguageModelState(configured=False, code=missing.code, detail=missing.detail)
    return LanguageModelState(configured=True, model=model.name)


class _Pong(BaseModel):
    ok: bool


@router.post("/api/language-model/test", summary="Ask it something small", response_model=LanguageModelState)
async def test(_user: Admin, model: Model) -> LanguageModelState:
    """Answers with the code of what is wrong, if anything is."""
    await model.fill_in(_Pong, "只回答一个JSON对象。", '回答 {"ok": true}', most_tokens=200, tally=Tally())
    return LanguageModelState(configured=True, model=model.name)


@router.get("/api/recordings/{recording_id}/minutes", summary="The newest minutes, or any version")
async def read(
    session: Reading, user: CurrentUser, recording_id: RecordingId, version: Annotated[Number | None, Query()] = None
) -> MinutesAnswer:
    """Every statement names the ids of the segments it rests on; `content.coverage` says what was read."""
    found = await _find(session, user.id, recording_id, version)
    last = await service.newest_transcript(session, owner_id=user.id, recording_id=recording_id)
    content = MinutesForm.model_validate(found.content)
    return MinutesAnswer(**_version(found, last).model_dump(), recording_id=recording_id, content=content)


@router.get("/api/recordings/{recording_id}/minutes/versions", summary="All minutes, newest first")
async def versions(session: Reading, user: CurrentUser, recording_id: RecordingId) -> list[MinutesVersion]:
    await recordings.find(session, owner_id=user.id, recording_id=recording_id)
    last = await service.newest_transcript(session, owner_id=user.id, recording_id=recording_id)
    found = await service.versions(session, owner_id=user.id, recording_id=recording_id)
    return [_version(one, last) for one in found]


@router.get("/api/recordings/{recording_id}/minutes/export", summary="A file to take away", response_class=Response)
async def take_away(
    session: Reading,
    user: CurrentUser,
    recording_id: RecordingId,
    format: Literal["md", "json"] = "md",
    version: Annotated[Number | None, Query()] = None,
    template: Annotated[str | None, Query(max_length=32)] = None,
) -> Response:
    """Named after the recording. With `template`, its parts in its order; the model is not asked again."""
    found = await _find(session, user.id, recording_id, version)
    recording = await recordings.find(session, owner_id=user.id, recording_id=recording_id)
    shown = await wardrobe.find(session, owner_id=user.id, key=template) if template else None
    document, stale = await rests_on(session, found)
    title = f"{file_name(recording.name, format).removesuffix(f'.{format}')} 纪要"
    data = await asyncio.to_thread(written, found, document, format, title, stale, shown)
    headers = {"Content-Disposition": content_disposition(file_name(title, format)), "Cache-Control": "no-store"}
    return Response(data, media_type=content_type(format), headers=headers)


@router.get("/api/recordings/{recording_id}/polish", summary="What the newest polish changed, and what it may not")
async def read_polish(session: Reading, user: CurrentUser, recording_id: RecordingId) -> PolishAnswer:
    """A diff to review: every change with its text before and after and how it stands now; every refusal with its
    reason: empty, markup, length, numbers, names, negation, hotwords, rewritten."""
    found = await polishes.newest(session, owner_id=user.id, recording_id=recording_id)
    last = await transcripts.newest(session, owner_id=user.id, recording_id=recording_id)
    document = await asyncio.to_thread(document_from_json, last.document)
    standings = polishes.standings(document, found.changes)
    return PolishAnswer(
        base=found.base,
        number=found.number,
        newest=last.number,
        model=found.model,
        job_id=found.job_id,
        created_at=found.created_at,
        changes=[Change(**change, standing=now) for change, now in zip(found.changes, standings, strict=True)],
        refused=[Refused(**refused) for refused in found.refused],
        used=Used(calls=found.calls, prompt_tokens=found.prompt_tokens, completion_tokens=found.completion_tokens),
    )


@router.post("/api/recordings/{recording_id}/polish/review", summary="Accept or reject changes, segment by segment")
async def review_polish(session: Writing, user: CurrentUser, recording_id: RecordingId, asked: Review) -> VersionAnswer:
    """A version of yours, as if you had written it. Code transcript_changed where `based_on` is not the newest."""
    saved = await polishes.review(
        session,
        owner_id=user.id,
        recording_id=recording_id,
        author_id=user.id,
        based_on=asked.based_on,
        accept=asked.accept,
        reject=asked.reject,
    )
    return VersionAnswer.model_validate(saved)


@router.get("/api/templates", summary="Built-in templates and my own")
async def templates(session: Reading, user: CurrentUser) -> list[TemplateOut]:
    return [_shown(one) for one in await wardrobe.every(session, owner_id=user.id)]


@router.post("/api/templates", status_code=201, summary="Make a template of my own")
async def make_template(session: Writing, user: CurrentUser, asked: TemplateIn) -> TemplateOut:
    return _shown(await wardrobe.save(session, owner_id=user.id, key=None, **_given(asked)))


@router.put("/api/templates/{key}", summary="Change a template of my own; it is a new version")
async def change_template(session: Writing, user: CurrentUser, key: Key, asked: TemplateIn) -> TemplateOut:
    """Minutes keep the version they were made with."""
    return _shown(await wardrobe.save(session, owner_id=user.id, key=key, **_given(asked)))


@router.delete("/api/templates/{key}", status_code=204, summary="Delete a template of my own")
async def delete_template(session: Writing, user: CurrentUser, key: Key) -> None:
    await wardrobe.delete(session, owner_id=user.id, key=key)


async def _find(session: AsyncSession, owner_id: str, recording_id: str, number: int | None) -> Minutes:
    if number is None:
        return await service.newest(session, owner_id=owner_id, recording_id=recording_id)
    return await service.version(session, owner_id=owner_id, recording_id=recording_id, number=number)


def _version(found: Minutes, last: int) -> MinutesVersion:
    coverage = found.content["coverage"]
    return MinutesVersion(
        number=found.number,
        transcript=found.transcript,
        stale=found.transcript != last,
        template=found.template,
        model=found.model,
        language=found.content["language"],
        covered=coverage["covered"],
        segments=coverage["segments"],
        job_id=found.job_id,
        created_at=found.created_at,
    )


def _shown(template: Template) -> TemplateOut:
    return TemplateOut(
        key=template.key,
        name=template.name,
        guidance=template.guidance,
        parts=template.parts,
        version=template.version,
        built_in=template.key in BUILT_IN,
    )


def _given(asked: TemplateIn) -> dict[str, Any]:
    return {"name": asked.name, "guidance": asked.guidance, "parts": list(dict.fromkeys(asked.parts))}
