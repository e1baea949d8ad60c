"""The one place where things meet: settings become a database, engines, a runner and the routes over them."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi_offline import FastAPIOffline
from sqlalchemy import select
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.responses import JSONResponse
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from backend import migrations
from backend.accounts.api import account, google, keys, register, second_factor
from backend.accounts.google import Google
from backend.accounts.passwords import Passwords
from backend.accounts.presence import Presence
from backend.accounts.throttle import Throttle
from backend.accounts.tickets import Tickets
from backend.admin.api import audit, metrics, operations, users
from backend.database import Database, connect, is_busy
from backend.edge import CarefulHeaders, SmallBodies, WhereFrom
from backend.engines.hosts import open_engines
from backend.engines.language import LanguageModelError
from backend.engines.language_model import OpenAI, endpoint_of
from backend.errors import ServiceBusy, install_handlers
from backend.events import Bus
from backend.jobs.api import engines, intake, jobs, minutes, socket
from backend.jobs.api.access import TheHouse
from backend.jobs.desk import Desk
from backend.jobs.herald import Herald
from backend.jobs.pipeline import Pipeline
from backend.jobs.queue import Limits
from backend.jobs.runner import Runner
from backend.logs import set_up_logs
from backend.minutes.api import minutes as written
from backend.minutes.api import model, names, polish, questions, templates
from backend.page import DIST, Page, built
from backend.recordings import api as recordings
from backend.recordings.files import Storage
from backend.recordings.service import known_ids
from backend.settings import Settings
from backend.transcripts import api as transcripts

logger = logging.getLogger(__name__)

#: Whatever has routes.
_ROOMS = (
    *(account, keys, second_factor, google, register),
    *(intake, recordings, transcripts, jobs, minutes, engines, socket),
    *(written, polish, questions, names, templates, model),
    *(users, operations, audit, metrics),
)

#: Age at which a folder without a row is no upload under way.
_ORPHAN_SECONDS = 3600.0

_ABOUT = """Turns recordings of Mandarin meetings into text with speakers.

Sign in with **Authorize**, send a recording to `POST /api/recordings`, follow it on the WebSocket `/api/events`
(first message `{"ticket": "<from POST /api/auth/tickets>"}`), and take the transcript from
`GET /api/recordings/{id}/transcript`.
Errors are `{"code", "detail"}`."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """The server as a FastAPI application. Without `settings` they are read from the environment and `.env`."""
    settings = settings or Settings()
    set_up_logs(settings.log_level, settings.log_format)
    app = _bare_app(settings)
    app.state.settings = settings
    app.state.limits = Limits(
        settings.job_queue_max_concurrent, settings.job_queue_max_per_user, settings.job_queue_max_size
    )
    app.state.bus = Bus()
    app.state.passwords = Passwords()
    app.state.presence = Presence(settings.sockets_per_user)
    app.state.tickets = Tickets()
    app.state.throttle = Throttle()
    app.state.google = Google(settings.google_clients)
    app.state.storage = Storage(settings.uploads_dir)
    app.state.language_model = _language_model(settings)
    install_handlers(app)
    app.add_exception_handler(OperationalError, _database_trouble)
    app.add_exception_handler(PoolTimeout, _database_trouble)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(settings.cors_origins),
        allow_credentials=True,
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "X-Requested-With"],
        expose_headers=["Content-Disposition", "Retry-After"],
    )
    for room in _ROOMS:
        app.include_router(room.router)
    _add_health(app)
    if built():
        app.router.routes.append(Page(DIST))
    app.add_middleware(SmallBodies, streamed=intake.STREAMED)
    app.add_middleware(CarefulHeaders, google=bool(settings.google_clients))
    app.add_middleware(WhereFrom)
    app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=settings.trusted_proxies)
    return app


def _bare_app(settings: Settings) -> FastAPI:
    if not settings.docs:
        return FastAPI(title="Meeting ASR", version="0.1.0", lifespan=_lifespan, openapi_url=None)
    # The documentation's own scripts come from here too: a server in a closed network has no CDN.
    return FastAPIOffline(title="Meeting ASR", version="0.1.0", description=_ABOUT, lifespan=_lifespan, redoc_url=None)


def _language_model(settings: Settings) -> OpenAI | None:
    """None where there is none, or where its address cannot be one: everything else works without."""
    try:
        endpoint = endpoint_of(settings)
    except LanguageModelError as error:
        logger.warning("Language model is not used", extra={"code": error.code})
        return None
    return OpenAI(endpoint) if endpoint else None


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
        Desk(database, app.state.language_model),
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
        if app.state.language_model is not None:
            await app.state.language_model.close()
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
