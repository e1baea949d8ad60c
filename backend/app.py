"""The one place where things meet: settings become a database, engines, a runner and the routes over them."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from sqlalchemy import select
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend import migrations
from backend.accounts.api import router as accounts
from backend.accounts.passwords import Passwords
from backend.admin.api import router as admin
from backend.database import Database, connect, is_busy
from backend.engines.hosts import open_engines
from backend.errors import ServiceBusy, install_handlers
from backend.events import Bus
from backend.jobs.api import engines, intake, jobs, socket
from backend.jobs.api.access import TheHouse
from backend.jobs.herald import Herald
from backend.jobs.pipeline import Pipeline
from backend.jobs.queue import Limits
from backend.jobs.runner import Runner
from backend.logs import set_up_logs
from backend.page import DIST, Page, built
from backend.recordings.api import router as recordings
from backend.recordings.files import Storage
from backend.recordings.service import known_ids
from backend.settings import Settings
from backend.transcripts.api import router as transcripts

logger = logging.getLogger(__name__)

#: Age at which a folder without a row is no upload under way.
_ORPHAN_SECONDS = 3600.0

_ABOUT = """Turns recordings of Mandarin meetings into text with speakers.

Sign in with **Authorize**, send a recording to `POST /api/recordings`, follow it on the WebSocket `/api/events`
(first message `{"token": "<access token>"}`), and take the transcript from `GET /api/recordings/{id}/transcript`.
Errors are `{"code", "detail"}`."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """The server as a FastAPI application. Without `settings` they are read from the environment and `.env`."""
    settings = settings or Settings()
    set_up_logs(settings.log_level, settings.log_format)
    app = FastAPI(title="Meeting ASR", version="0.1.0", description=_ABOUT, lifespan=_lifespan)
    app.state.settings = settings
    app.state.limits = Limits(
        settings.job_queue_max_concurrent, settings.job_queue_max_per_user, settings.job_queue_max_size
    )
    app.state.bus = Bus()
    app.state.passwords = Passwords()
    app.state.storage = Storage(settings.uploads_dir)
    install_handlers(app)
    app.add_exception_handler(OperationalError, _database_trouble)
    app.add_exception_handler(PoolTimeout, _database_trouble)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(settings.cors_origins),
        allow_credentials=True,
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["Authorization", "Content-Type"],
        expose_headers=["Content-Disposition", "Retry-After"],
    )
    for router in (accounts, intake.router, recordings, transcripts, jobs.router, engines.router, socket.router, admin):
        app.include_router(router)
    _add_health(app)
    if built():
        app.router.routes.append(Page(DIST))
    app.add_middleware(_SmallBodies)
    app.add_middleware(_CarefulHeaders)
    return app


async def _database_trouble(_request: Request, error: Exception) -> JSONResponse:
    """A locked database is a reason to come back, not a bug."""
    if not is_busy(error):
        raise error
    busy = ServiceBusy()
    return JSONResponse({"code": busy.code, "detail": busy.detail}, busy.status, headers={"Retry-After": "5"})


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    await asyncio.to_thread(migrations.upgrade, settings.database_url)
    settings.uploads_dir.mkdir(parents=True, exist_ok=True)
    database = app.state.database = connect(settings.database_url)
    engines = app.state.engines = open_engines(settings)
    herald = app.state.herald = Herald(database, app.state.bus, app.state.limits)
    pipeline = Pipeline(engines, settings.models_dir, settings.demo, settings.transcriber, settings.diarizer)
    runner = app.state.runner = Runner(
        database,
        herald,
        app.state.storage,
        pipeline,
        app.state.limits,
        max_attempts=settings.job_max_attempts,
        max_seconds=settings.max_audio_hours * 3600,
        heartbeat_seconds=settings.heartbeat_seconds,
        rescue_seconds=settings.rescue_seconds,
    )
    house = app.state.house = TheHouse(app.state.storage, app.state.limits, app.state.bus, herald, runner)
    await runner.start()
    house.later(_sweep(database, app.state.storage))
    try:
        yield
    finally:
        await runner.stop()
        await house.finish_errands()
        await engines.close()
        await database.close()


async def _sweep(database: Database, storage: Storage) -> None:
    """Remove what a killed upload or delete has left: folders that no row names."""
    async with database.read() as session:
        known = await known_ids(session)
    for orphan in await storage.sweep(known, _ORPHAN_SECONDS):
        logger.info("Orphan removed", extra={"recording": orphan})


def _add_health(app: FastAPI) -> None:
    @app.get("/health", tags=["health"], summary="The process answers")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/ready", tags=["health"], summary="The database answers and jobs are being claimed")
    async def ready() -> JSONResponse:
        try:
            async with app.state.database.read() as session:
                await session.execute(select(1))
            database = "ok"
        except SQLAlchemyError:
            database = "unreachable"
        runner = "ok" if app.state.runner.alive else "stopped"
        well = database == runner == "ok"
        return JSONResponse({"database": database, "runner": runner}, 200 if well else 503)


class _SmallBodies:
    """FastAPI reads a form or JSON whole before it asks who is there. The routes that stream theirs ask first."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.limited = RequestBodyLimitMiddleware(app, max_body_size=64 * 1024)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        streams = scope["type"] == "http" and (scope["method"], scope["path"]) in intake.STREAMED
        saves = scope["type"] == "http" and scope["method"] == "PUT"  # a document; its route has a limit of its own
        await (self.app if streams or saves else self.limited)(scope, receive, send)


class _CarefulHeaders:
    """Every answer says that it is not to be sniffed; those of the API also that they are not to be stored.

    An answer given before the body was read ends the connection: a server that goes on reading what it has refused
    can be fed for ever."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        sent = Headers(scope=scope)
        unread = "transfer-encoding" in sent or sent.get("content-length", "0") != "0"

        async def receive_and_note() -> Message:
            nonlocal unread
            message = await receive()
            unread = unread and bool(message.get("more_body"))
            return message

        async def send_carefully(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Referrer-Policy", "no-referrer")
                if scope["path"].startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
                if unread:
                    headers["Connection"] = "close"
            await send(message)

        await self.app(scope, receive_and_note, send_carefully)
