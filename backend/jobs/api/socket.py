"""The WebSocket `/api/events`: a snapshot of my jobs, then every change. Commands go over REST."""

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from sqlalchemy import select

from backend.accounts.access import NotSignedIn, authenticate
from backend.accounts.tables import User
from backend.database import Database
from backend.events import Listener
from backend.jobs.api.access import House, TheHouse
from backend.jobs.state import states
from backend.jobs.tables import FINAL, Job
from backend.settings import Settings

router = APIRouter()

#: Close codes, in the range left to applications (RFC 6455, 7.4.2).
NOT_SIGNED_IN = 4401
FOREIGN_ORIGIN = 4403

_FIRST_MESSAGE_SECONDS = 5.0
_CHECK_AGAIN_SECONDS = 5.0
_SNAPSHOT_SIZE = 100


@router.websocket("/api/events")
async def events(socket: WebSocket, house: House) -> None:
    """The first message is {"token": access token}, within five seconds; a token is never part of an address.

    Then come {"type": "snapshot", "jobs": [...]} and {"type": "job", "job": {...}}; of a deleted job only id and
    status. The socket closes with 4401 when the token ends or the account is disabled."""
    settings: Settings = socket.app.state.settings
    database: Database = socket.app.state.database
    if not _origin_is_ours(socket, settings):
        await socket.close(FOREIGN_ORIGIN)
        return
    await socket.accept()
    try:
        token = await asyncio.wait_for(_first_message(socket), _FIRST_MESSAGE_SECONDS)
        user = await _who(database, settings, token)
    except (asyncio.TimeoutError, NotSignedIn):
        await socket.close(NOT_SIGNED_IN)
        return
    except WebSocketDisconnect:
        return
    with house.bus.listen(user.id) as listener:
        # Listening has begun, so nothing falls between the snapshot and the stream.
        await socket.send_json({"type": "snapshot", "jobs": await _snapshot(database, house, user)})
        await _until_first_ends(
            _stream(socket, listener),
            _drain(socket),
            _watch(socket, database, settings, token),
        )


async def _stream(socket: WebSocket, listener: Listener) -> None:
    async for change in listener:
        await socket.send_json({"type": "job", "job": change.state})


async def _drain(socket: WebSocket) -> None:
    """Nothing more is expected of the client; reading is how its going away is noticed."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _watch(socket: WebSocket, database: Database, settings: Settings, token: str) -> None:
    while True:
        await asyncio.sleep(_CHECK_AGAIN_SECONDS)
        try:
            await _who(database, settings, token)
        except NotSignedIn:
            await socket.close(NOT_SIGNED_IN)
            return


async def _until_first_ends(*works: Any) -> None:
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for error in ended:
        # A client that goes away while something is sent to it is no error of ours.
        if isinstance(error, Exception) and not isinstance(error, WebSocketDisconnect | RuntimeError):
            raise error


async def _first_message(socket: WebSocket) -> str:
    try:
        message = json.loads(await socket.receive_text())
        return str(message["token"])
    except (ValueError, KeyError, TypeError):
        raise NotSignedIn from None


async def _who(database: Database, settings: Settings, token: str) -> User:
    async with database.read() as session:
        return await authenticate(session, settings, token)


async def _snapshot(database: Database, house: TheHouse, user: User) -> list[dict[str, Any]]:
    """Every open job, and the newest of those that have ended."""
    ended = {status.value for status in FINAL}
    async with database.read() as session:
        mine = select(Job).where(Job.owner_id == user.id).order_by(Job.created_at.desc(), Job.id)
        jobs = list((await session.scalars(mine.where(Job.status.not_in(ended)))).all())
        jobs += (await session.scalars(mine.where(Job.status.in_(ended)).limit(_SNAPSHOT_SIZE))).all()
        return [told.model_dump(mode="json") for told in await states(session, jobs, house.limits)]


def _origin_is_ours(socket: WebSocket, settings: Settings) -> bool:
    """Browsers always say where a page comes from; programs say nothing, and bring a token all the same."""
    origin = socket.headers.get("origin")
    if origin is None or origin in settings.cors_origins:
        return True
    return bool(urlsplit(origin).netloc) and urlsplit(origin).netloc == socket.headers.get("host")
