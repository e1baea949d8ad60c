"""The WebSocket `/api/events`: a snapshot of the user's jobs, then every change. Commands go over REST."""

import asyncio
import contextlib
import json
from datetime import datetime
from typing import Any

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from sqlalchemy import select

from backend.accounts import tokens
from backend.accounts.cookies import is_allowed_origin
from backend.accounts.dependencies import (
    DatabaseDep,
    NotSignedIn,
    OpenSocketsDep,
    SettingsDep,
    TicketsDep,
    clock_of,
    user_of_login,
)
from backend.accounts.open_sockets import OpenSockets, TooManySockets
from backend.accounts.tables import User
from backend.accounts.tickets import Purpose, Tickets
from backend.coordination.clock import ServerClock
from backend.database import Database
from backend.events import log as event_log
from backend.events.bus import Listener, MissedEvents
from backend.jobs.api.dependencies import Services, ServicesDep
from backend.jobs.change_notifier import happening_of
from backend.jobs.state import states
from backend.jobs.tables import FINAL, Job
from backend.recordings.tables import not_trashed
from backend.settings import Settings

router = APIRouter()

#: Close codes, in the range left to applications (RFC 6455, 7.4.2).
NOT_SIGNED_IN = 4401
FOREIGN_ORIGIN = 4403
#: For too many sockets of one user, or too many messages on one (RFC 6455, 7.4.1).
POLICY_VIOLATION = 1008

_FIRST_MESSAGE_SECONDS = 5.0
_MESSAGES_A_MINUTE = 100
_PING = '{"type":"ping"}'
_SNAPSHOT_SIZE = 100
#: Whoever is further behind, counted in events of everybody, gets a snapshot only.
_MAX_REPLAY = 10_000


@router.websocket("/api/events")
async def events(
    socket: WebSocket,
    services: ServicesDep,
    tickets: TicketsDep,
    open_sockets: OpenSocketsDep,
    settings: SettingsDep,
    database: DatabaseDep,
) -> None:
    """The first message is {"ticket": from POST /api/auth/tickets} or {"token": access token}, within five seconds;
    neither is ever part of a URL.

    The server then sends {"type": "snapshot", "jobs": [...], "cursor": 7, "complete": false}, and from then on
    {"type": "job", "job": {...}}, where a deleted job has only id and status, and for what else happens to the user's
    recordings {"type": "event", "event": {"id", "at", "kind", "recording_id", "job_id", "facts"}}: each once, with
    increasing ids. If the first message also has "after" (the id of the last event, or the cursor of the last
    snapshot), the events since then follow the snapshot, and "complete" is true. It is false where they are not kept
    any more: read again what you show. Another snapshot comes if a slow client has missed events. {"type": "ping"} is
    answered with {"type": "pong"}: proxies may keep a connection that leads nowhere. The socket closes with 4401 when
    the login or the token that opened it ends."""
    if not is_allowed_origin(socket, settings):
        await socket.close(FOREIGN_ORIGIN)
        return
    # A client that disconnects in the middle is not an error.
    with contextlib.suppress(WebSocketDisconnect):
        await socket.accept()
        await _serve(socket, services, tickets, open_sockets, settings, database)


async def _serve(
    socket: WebSocket,
    services: Services,
    tickets: Tickets,
    open_sockets: OpenSockets,
    settings: Settings,
    database: Database,
) -> None:
    try:
        first = await asyncio.wait_for(_first_message(socket), _FIRST_MESSAGE_SECONDS)
        login, until = await _authenticate(settings, first, tickets, clock_of(socket))
        async with database.read() as session:
            user = await user_of_login(session, login)
    except (asyncio.TimeoutError, NotSignedIn):
        await socket.close(NOT_SIGNED_IN)
        return
    try:
        async with open_sockets.register(login, until) as logged_out:
            with services.bus.listen(user.id) as listener:
                services.notifier.wake()
                # The listener is already registered, so that no change is lost between the snapshot and the stream.
                await _send_snapshot(socket, listener, database, services, user, first.get("after"))
                await _run_until_first_ends(
                    _stream(socket, listener, database, services, user),
                    _read_until_disconnect(socket),
                    _close_when_logged_out(socket, logged_out),
                )
    except TooManySockets:
        await socket.close(POLICY_VIOLATION)


async def _authenticate(
    settings: Settings, first: dict[str, Any], tickets: Tickets, clock: ServerClock
) -> tuple[tokens.Login, datetime | None]:
    """The login of the first message. With a token, also the time when the token expires; a ticket has no such end."""
    if isinstance(ticket := first.get("ticket"), str):
        if (found := await tickets.redeem(ticket, Purpose.EVENTS)) is None:
            raise NotSignedIn
        return found, None
    if not isinstance(token := first.get("token"), str):
        raise NotSignedIn
    try:
        until = tokens.expiry(settings, token, clock.now) - clock.offset  # by the clock that the socket is ended by
        return tokens.read(settings, token, now=clock.now), until
    except tokens.BadToken:
        raise NotSignedIn from None


async def _stream(socket: WebSocket, listener: Listener, database: Database, services: Services, user: User) -> None:
    async for news in listener:
        if isinstance(news, MissedEvents):
            await _send_snapshot(socket, listener, database, services, user)
        else:
            await socket.send_text(news.message)


async def _send_snapshot(
    socket: WebSocket, listener: Listener, database: Database, services: Services, user: User, after: object = None
) -> None:
    """Send the present state, then the events since `after` if they can all be read."""
    async with database.read() as session:
        log = await event_log.state(session)
    listener.after = log.last
    jobs = await _snapshot(database, services, user)
    if type(after) is int and log.reaches(after) and log.last - after <= _MAX_REPLAY:
        await socket.send_json({"type": "snapshot", "jobs": jobs, "cursor": after, "complete": True})
        await _replay(socket, database, user, after, log.last)
    else:
        await socket.send_json({"type": "snapshot", "jobs": jobs, "cursor": log.last, "complete": False})


async def _replay(socket: WebSocket, database: Database, user: User, after: int, last: int) -> None:
    while after < last:
        async with database.read() as session:
            events = await event_log.read_after(session, after, owner_id=user.id)
        for event in events:
            assert event.position is not None
            if event.position <= last and (happening := happening_of(event)):
                await socket.send_text(happening.message)
        after = events[-1].position if events and events[-1].position else last


async def _read_until_disconnect(socket: WebSocket) -> None:
    """Read in order to notice a disconnect. A ping is answered; too many messages close the socket."""
    clock = asyncio.get_running_loop().time
    started, messages = clock(), 0
    while (message := await socket.receive())["type"] != "websocket.disconnect":
        if clock() - started > 60:
            started, messages = clock(), 0
        messages += 1
        if messages > _MESSAGES_A_MINUTE:
            await socket.close(POLICY_VIOLATION)
            return
        if (message.get("text") or "").replace(" ", "") == _PING:
            await socket.send_json({"type": "pong"})


async def _close_when_logged_out(socket: WebSocket, logged_out: asyncio.Event) -> None:
    await logged_out.wait()
    await socket.close(NOT_SIGNED_IN)


async def _run_until_first_ends(*coroutines: Any) -> None:
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    for error in (None if task.cancelled() else task.exception() for task in tasks):
        # A client that disconnects while something is sent to it is not an error.
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


async def _snapshot(database: Database, services: Services, user: User) -> list[dict[str, Any]]:
    """All open jobs, and the newest ended ones."""
    ended = {status.value for status in FINAL}
    async with database.read() as session:
        query = (
            select(Job)
            .where(Job.owner_id == user.id, not_trashed(Job.recording_id))
            .order_by(Job.created_at.desc(), Job.id)
        )
        jobs = list((await session.scalars(query.where(Job.status.not_in(ended)))).all())
        jobs += (await session.scalars(query.where(Job.status.in_(ended)).limit(_SNAPSHOT_SIZE))).all()
        return [one.model_dump(mode="json") for one in await states(session, jobs, services.limits)]
