"""Questions about a recording: ask one with a streamed answer, list the conversation, delete it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.dependencies import CurrentUser, DatabaseDep, Reader, ReadSession, WriteSession
from backend.engines.language_model_protocol import LanguageModelError
from backend.errors import AppError
from backend.minutes import budget, conversation
from backend.minutes import service as minutes
from backend.minutes.answering import NOTHING, Answer, answer
from backend.minutes.api.model import LanguageModelWithinBudget, ModelsDep
from backend.minutes.schema import MinutesContent
from backend.recordings import service as recordings
from backend.transcripts import service as transcripts
from backend.transcripts.api import RecordingId
from backend.transcripts.document import document_from_json

router = APIRouter(prefix="/api/recordings/{recording_id}/questions", tags=["questions"])


class Question(BaseModel):
    model_config = ConfigDict(extra="forbid")

    question: Annotated[str, Field(min_length=1, max_length=2000, pattern=r"\S")]


class ExchangeOut(BaseModel):
    """`[1]` in `answer` is the first id of `citations`. `answer` is empty where the transcript does not answer it."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    transcript: int  #: number of the version the answer is from
    question: str
    answer: str
    citations: list[str]
    created_at: datetime


@router.post(
    "",
    summary="Ask a question; the answer streams as server-sent events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def ask(
    database: DatabaseDep,
    user: CurrentUser,
    recording_id: RecordingId,
    body: Question,
    models: ModelsDep,
    model: LanguageModelWithinBudget,
) -> StreamingResponse:
    """Events: one `text` for each sentence, then `answer` with the whole (`found` is false where the transcript has no
    answer), or `error` with a code. Only this recording's transcript is sent to the model."""
    async with database.read() as session:
        await recordings.find(session, owner_id=user.id, recording_id=recording_id)
        transcript = await transcripts.newest(session, owner_id=user.id, recording_id=recording_id)
        notes = await _minutes_of(session, user.id, recording_id, transcript.number)
        before = await conversation.list_exchanges(session, owner_id=user.id, recording_id=recording_id, limit=3)
    earlier = [(one.question, one.answer) for one in before]

    async def events() -> AsyncIterator[str]:
        found = Answer()
        try:
            document = await asyncio.to_thread(document_from_json, transcript.document)
            async with aclosing(answer(document, body.question, earlier, model, found, notes)) as sentences:
                async for sentence in sentences:
                    yield _event("text", {"text": sentence})
            async with database.write() as session:
                await recordings.find(session, owner_id=user.id, recording_id=recording_id)
                row = await conversation.add_exchange(
                    session,
                    owner_id=user.id,
                    recording_id=recording_id,
                    transcript=transcript.number,
                    question=body.question,
                    answer=found,
                )
                stored = ExchangeOut.model_validate(row).model_dump(mode="json")
        except AppError as error:
            if isinstance(error, LanguageModelError):
                error = await models.explain(error, user.id)
            yield _event("error", {"code": error.code, "detail": error.detail, **error.facts})
            return
        finally:
            await budget.record_usage(
                database,
                owner_id=user.id,
                purpose="question",
                model=model.name,
                endpoint=model.source,
                usage=found.usage,
            )
        yield _event("answer", stored | {"found": bool(found.text), "detail": "" if found.text else NOTHING})

    return StreamingResponse(events(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


@router.get("", summary="My questions and their answers, oldest first")
async def read(session: ReadSession, user: Reader, recording_id: RecordingId) -> list[ExchangeOut]:
    await recordings.find(session, owner_id=user.id, recording_id=recording_id)
    found = await conversation.list_exchanges(session, owner_id=user.id, recording_id=recording_id)
    return [ExchangeOut.model_validate(one) for one in found]


@router.delete("", status_code=204, summary="Delete the conversation")
async def delete_conversation(session: WriteSession, user: CurrentUser, recording_id: RecordingId) -> None:
    await recordings.find(session, owner_id=user.id, recording_id=recording_id)
    await conversation.delete_conversation(session, owner_id=user.id, recording_id=recording_id)


async def _minutes_of(
    session: AsyncSession, owner_id: str, recording_id: str, transcript: int
) -> MinutesContent | None:
    """The newest minutes, if they were made from this version of the transcript."""
    try:
        found = await minutes.newest(session, owner_id=owner_id, recording_id=recording_id)
    except minutes.MinutesNotFound:
        return None
    return MinutesContent.model_validate(found.content) if found.transcript == transcript else None


def _event(name: str, content: dict[str, object]) -> str:
    return f"event: {name}\ndata: {json.dumps(content, ensure_ascii=False)}\n\n"
