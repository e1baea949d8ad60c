"""The WebSocket `/api/events`: a snapshot of my jobs, then every change. Commands go over REST."""

import asyncio
import contextlib
import json
from datetime import datetime
from typing import Any

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from sqlalchemy import select

from backend.accounts import tokens
from backend.accounts.access import Configured, Listening, NotSignedIn, Stored, Ticketed, still_in
from backend.accounts.cookies import origin_is_ours
from backend.accounts.presence import Presence, TooManySockets
from backend.accounts.tables import User
from backend.accounts.tickets import Purpose, Tickets
from backend.database import Database
from backend.events import Listener
from backend.jobs.api.access import House, TheHouse
from backend.jobs.state import states
from backend.jobs.tables import FINAL, Job
from backend.recordings.tables import not_trashed
from backend.settings import Settings

router = APIRouter()

#: Close codes, in the range left to applications (RFC 6455, 7.4.2).
NOT_SIGNED_IN = 4401
FOREIGN_ORIGIN = 4403
#: A socket that breaks the rules: too many of them, or too much said on one (RFC 6455, 7.4.1).
AGAINST_THE_RULES = 1008

_FIRST_MESSAGE_SECONDS = 5.0
_MESSAGES_A_MINUTE = 100
_SNAPSHOT_SIZE = 100


@router.websocket("/api/events")
async def events(
    socket: WebSocket, house: House, tickets: Ticketed, presence: Listening, settings: Configured, database: Stored
) -> None:
    """The first message is {"ticket": from POST /api/auth/tickets} or {"token": access token}, within five seconds;
    neither is ever part of an address.

    Then come {"type": "snapshot", "jobs": [...]} and {"type": "job", "job": {...}}; of a deleted job only id and
    status. The socket closes with 4401 when the login or the token it was opened with ends."""
    if not origin_is_ours(socket, settings):
        await socket.close(FOREIGN_ORIGIN)
        return
    # A client that goes away in the middle is no error of ours.
    with contextlib.suppress(WebSocketDisconnect):
        await socket.accept()
        await _serve(socket, house, tickets, presence, settings, database)


async def _serve(
    socket: WebSocket, house: TheHouse, tickets: Tickets, presence: Presence, settings: Settings, database: Database
) -> None:
    try:
        first = await asyncio.wait_for(_first_message(socket), _FIRST_MESSAGE_SECONDS)
        login, until = _let_in(settings, first, tickets)
        async with database.read() as session:
            user = await still_in(session, login)
    except (asyncio.TimeoutError, NotSignedIn):
        await socket.close(NOT_SIGNED_IN)
        return
    try:
        with presence.enter(login, until) as over, house.bus.listen(user.id) as listener:
            # Listening has begun, so nothing falls between the snapshot and the stream.
            await socket.send_json({"type": "snapshot", "jobs": await _snapshot(database, house, user)})
            await _until_first_ends(
                _stream(socket, listener),
                _drain(socket),
                _show_out(socket, over),
            )
    except TooManySockets:
        await socket.close(AGAINST_THE_RULES)


def _let_in(settings: Settings, first: dict[str, Any], tickets: Tickets) -> tuple[tokens.Login, datetime | None]:
    """What the socket is opened with: a ticket stands for its login, a token for itself and until it expires."""
    if isinstance(ticket := first.get("ticket"), str):
        if (found := tickets.take(ticket, Purpose.EVENTS)) is None:
            raise NotSignedIn
        return found, None
    if not isinstance(token := first.get("token"), str):
        raise NotSignedIn
    try:
        return tokens.read(settings, token), tokens.expiry(settings, token)
    except tokens.BadToken:
        raise NotSignedIn from None


async def _stream(socket: WebSocket, listener: Listener) -> None:
    async for change in listener:
        await socket.send_text(change.message)


async def _drain(socket: WebSocket) -> None:
    """Nothing more is expected of the client; reading is how its going away is noticed. Who talks on is shown out."""
    clock = asyncio.get_running_loop().time
    began, said = clock(), 0
    while (await socket.receive())["type"] != "websocket.disconnect":
        if clock() - began > 60:
            began, said = clock(), 0
        said += 1
        if said > _MESSAGES_A_MINUTE:
            await socket.close(AGAINST_THE_RULES)
            return


async def _show_out(socket: WebSocket, over: asyncio.Event) -> None:
    await over.wait()
    await socket.close(NOT_SIGNED_IN)


async def _until_first_ends(*works: Any) -> None:
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    for error in (None if task.cancelled() else task.exception() for task in tasks):
        # A client that goes away while something is sent to it is no error of ours.
        if isinstance(error, Exception) and not isinstance(error, WebSocketDisconnect | RuntimeError):
            raise error


async def _first_message(socket: WebSocket) -> dict[str, Any]:
    try:
        message = json.loads(await socket.receive_text())
    except (ValueError, KeyError, RecursionError):
        raise NotSignedIn from None
    if not isinstance(message, dict):
        raise NotSignedIn
    return message


async def _snapshot(database: Database, house: TheHouse, user: User) -> list[dict[str, Any]]:
    """Every open job, and the newest of those that have ended."""
    ended = {status.value for status in FINAL}
    async with database.read() as session:
        mine = (
            select(Job)
            .where(Job.owner_id == user.id, not_trashed(Job.recording_id))
            .order_by(Job.created_at.desc(), Job.id)
        )
        jobs = list((await session.scalars(mine.where(Job.status.not_in(ended)))).all())
        jobs += (await session.scalars(mine.where(Job.status.in_(ended)).limit(_SNAPSHOT_SIZE))).all()
        return [told.model_dump(mode="json") for told in await states(session, jobs, house.limits)]
