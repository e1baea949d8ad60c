"""What an event looks like when it is sent: read at that moment, so that nothing goes out that may no longer."""

import asyncio
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.tables import User
from backend.coordination.clock import database_now
from backend.database import Database
from backend.delivery import channels
from backend.delivery.kinds.protocol import Destination, Message
from backend.delivery.problems import Problem
from backend.delivery.queue import Claim
from backend.delivery.tables import Channel, ChannelState, Content, Delivery
from backend.encryption import DecryptionError
from backend.events.tables import EventKind
from backend.minutes import service as minutes
from backend.minutes.files import file_of, source_document
from backend.minutes.render import render
from backend.recordings.tables import Recording
from backend.recordings.titles import title_of
from backend.settings import Settings
from backend.transcripts import service as transcripts
from backend.transcripts.document import document_from_json
from backend.transcripts.export import export

#: These tell that a recording is gone, so they go out although it is.
_ABOUT_GONE = (EventKind.RECORDING_TRASHED.value, EventKind.RECORDING_DELETED.value)
_ABOUT_TRANSCRIPT = (
    *(EventKind.TRANSCRIPT_PUBLISHED.value, EventKind.TRANSCRIPT_EDITED.value, EventKind.TRANSCRIPT_RESTORED.value),
)
_ORDER = list(Content)


@dataclass(frozen=True, slots=True)
class Ready:
    kind: str  #: of the channel
    destination: Destination
    message: Message


class NotSent(Exception):
    """Nothing may be sent, or nothing can be."""

    def __init__(self, code: Problem, *, stop: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.stop = stop  #: the channel cannot be used


async def load(database: Database, settings: Settings, claim: Claim) -> Ready:
    """Raises NotSent: the user is disabled, the recording is in the trash or another's, a secret cannot be read."""
    async with database.read() as session:
        query = select(Delivery, Channel, User).where(
            Delivery.id == claim.delivery_id, Channel.id == Delivery.channel_id, User.id == Channel.owner_id
        )
        found = (await session.execute(query)).one_or_none()
        if found is None:
            raise NotSent(Problem.CHANNEL_GONE)
        delivery, channel, owner = found
        if not owner.active:
            raise NotSent(Problem.USER_DISABLED)
        if channel.state == ChannelState.OFF.value:
            raise NotSent(Problem.CHANNEL_OFF)
        try:
            destination = channels.destination(channel, settings, await database_now(session))
        except DecryptionError:
            raise NotSent(Problem.SECRET_UNREADABLE, stop=True) from None
        message = await _message(session, settings, delivery, channel)
    return Ready(channel.kind, destination, message)


async def _message(session: AsyncSession, settings: Settings, delivery: Delivery, channel: Channel) -> Message:
    data = {"recording_id": delivery.recording_id, "job_id": delivery.job_id, **delivery.facts}
    data = {name: value for name, value in data.items() if value is not None}
    ids = Message(delivery.id, delivery.kind, delivery.happened_at, data, channel.language)
    if delivery.recording_id is None or delivery.kind in _ABOUT_GONE:
        return ids
    recording = await session.get(Recording, delivery.recording_id)
    if recording is None or recording.trashed_at is not None or recording.owner_id != channel.owner_id:
        raise NotSent(Problem.RECORDING_GONE)
    wanted = _ORDER[: _ORDER.index(Content(channel.content)) + 1]
    if Content.LINK not in wanted:
        return ids
    return replace(
        ids,
        recording_name=recording.name,
        link=f"{settings.public_url.rstrip('/')}/recordings/{recording.id}" if settings.public_url else None,
        minutes=await _minutes(session, delivery, recording) if Content.MINUTES in wanted else None,
        transcript=await _transcript(session, delivery, recording) if Content.TRANSCRIPT in wanted else None,
    )


async def _minutes(session: AsyncSession, delivery: Delivery, recording: Recording) -> str | None:
    """The newest minutes as Markdown, where the event is about minutes."""
    if delivery.kind != EventKind.MINUTES_WRITTEN.value:
        return None
    try:
        found = await minutes.newest(session, owner_id=recording.owner_id, recording_id=recording.id)
        document, stale = await source_document(session, found)
    except (minutes.MinutesNotFound, transcripts.TranscriptNotFound):
        return None
    file = file_of(found, document, title_of(recording.name), stale)
    return (await asyncio.to_thread(render, file, "md")).decode()


async def _transcript(session: AsyncSession, delivery: Delivery, recording: Recording) -> str | None:
    """The newest transcript as plain text, where the event is about the transcript."""
    if delivery.kind not in _ABOUT_TRANSCRIPT:
        return None
    try:
        found = await transcripts.newest(session, owner_id=recording.owner_id, recording_id=recording.id)
    except transcripts.TranscriptNotFound:
        return None
    return (await asyncio.to_thread(_text_of, found.document, recording.name)).decode()


def _text_of(document: dict[str, object], name: str) -> bytes:
    return export(document_from_json(document), "txt", name)
