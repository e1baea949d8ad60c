"""The one place where things meet: settings become a database, engines, a runner and the routes over them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi_offline import FastAPIOffline
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
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
from backend.accounts.watch import Watch
from backend.admin.api import audit, figures, limits, metrics, operations, storage, system, users
from backend.database import connect, is_busy
from backend.edge import CarefulHeaders, LastResort, SmallBodies, WhereFrom
from backend.engines.hosts import open_engines
from backend.errors import ServiceBusy, install_handlers
from backend.events import Bus
from backend.exports import api as exports
from backend.housekeeping.ground import Ground
from backend.housekeeping.keeper import Housekeeper
from backend.jobs.api import engines, intake, jobs, landing, library, minutes, socket, trash, uploads
from backend.jobs.api.access import TheHouse
from backend.jobs.desk import Desk
from backend.jobs.herald import Herald, gone
from backend.jobs.pipeline import Pipeline
from backend.jobs.queue import Limits
from backend.jobs.runner import Runner
from backend.logs import set_up_logs
from backend.minutes.api import endpoints, model, names, polish, questions, repair, shared, templates
from backend.minutes.api import minutes as written
from backend.minutes.models import Models
from backend.page import DIST, Page, built
from backend.recordings import api as recordings
from backend.recordings.dock import Dock
from backend.recordings.files import Storage
from backend.settings import Settings
from backend.shares.api import links, visitors
from backend.transcripts import api as transcripts
from backend.transcripts.press import Press

logger = logging.getLogger(__name__)

#: Whatever has routes.
_ROOMS = (
    *(account, keys, second_factor, google, register),
    *(intake, uploads, landing, library, recordings, trash, transcripts, jobs, minutes, engines, socket),
    *(written, polish, repair, questions, names, templates, model, endpoints, shared),
    *(exports, links, visitors),
    *(users, operations, limits, figures, storage, system, audit, metrics),
)

#: What an upload says of itself, and what it is answered.
_UPLOAD_HEADERS = ("Tus-Resumable", "Upload-Length", "Upload-Metadata", "Upload-Offset", "Upload-Checksum")
_UPLOAD_ANSWERS = (
    *("Location", "Tus-Resumable", "Tus-Version", "Tus-Extension", "Tus-Max-Size", "Tus-Checksum-Algorithm"),
    *("Upload-Length", "Upload-Metadata", "Upload-Offset", "Upload-Expires"),
)

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
        settings.job_queue_max_concurrent,
        settings.job_queue_max_per_user,
        settings.job_queue_max_size,
        settings.job_queue_max_language,
    )
    app.state.bus = Bus()
    app.state.passwords = Passwords()
    app.state.presence = Presence(settings.sockets_per_user)
    app.state.tickets = Tickets()
    app.state.throttle = Throttle()
    app.state.google = Google(settings.google_clients)
    app.state.looking = asyncio.Lock()  # the doctor hashes gigabytes
    app.state.storage = Storage(settings.uploads_dir)
    app.state.press = Press(settings.models_dir)
    install_handlers(app)
    app.add_exception_handler(DBAPIError, _database_trouble)
    app.add_exception_handler(PoolTimeout, _database_trouble)
    app.add_middleware(LastResort)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(settings.cors_origins),
        allow_credentials=True,
        allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "X-Requested-With", "Idempotency-Key", *_UPLOAD_HEADERS],
        expose_headers=["Content-Disposition", "Retry-After", "Idempotency-Replayed", *_UPLOAD_ANSWERS],
    )
    for room in _ROOMS:
        app.include_router(room.router)
    _add_health(app)
    if built():
        app.router.routes.append(Page(DIST))
    app.add_middleware(SmallBodies, streamed=intake.STREAMED | uploads.STREAMED)
    app.add_middleware(CarefulHeaders, google=bool(settings.google_clients))
    app.add_middleware(WhereFrom)
    app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=settings.trusted_proxies)
    return app


def _bare_app(settings: Settings) -> FastAPI:
    if not settings.docs:
        return FastAPI(title="Meeting ASR", version="0.1.0", lifespan=_lifespan, openapi_url=None)
    # The documentation's own scripts come from here too: a server in a closed network has no CDN.
    return FastAPIOffline(title="Meeting ASR", version="0.1.0", description=_ABOUT, lifespan=_lifespan, redoc_url=None)


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
    database = app.state.database = connect(settings.database_url, busy_seconds=settings.database_busy_seconds)
    models = app.state.models = Models(database, settings)
    engines = app.state.engines = open_engines(settings)
    herald = app.state.herald = Herald(database, app.state.bus, app.state.limits)
    pipeline = Pipeline(engines, settings.models_dir, settings.demo, settings.transcriber, settings.diarizer)
    runner = app.state.runner = Runner(
        database,
        herald,
        app.state.storage,
        pipeline,
        Desk(database, models),
        app.state.limits,
        max_attempts=settings.job_max_attempts,
        max_seconds=settings.max_audio_hours * 3600,
        heartbeat_seconds=settings.heartbeat_seconds,
        rescue_seconds=settings.rescue_seconds,
    )
    dock = Dock(
        app.state.storage, reserve_bytes=settings.disk_reserve_bytes, life=timedelta(hours=settings.upload_hours)
    )
    house = app.state.house = TheHouse(app.state.storage, app.state.limits, app.state.bus, herald, runner, dock)
    await runner.start()

    def went(owner_id: str, jobs: Sequence[str]) -> None:
        for job in jobs:
            app.state.bus.publish(gone(owner_id, job))

    ground = Ground(database, app.state.storage, gone=went)
    keeper = app.state.housekeeper = Housekeeper(ground, settings.trash_days, settings.housekeeping_minutes * 60)
    keeper.start()
    watch = Watch(database, app.state.presence)
    watch.start()
    try:
        yield
    finally:
        await watch.stop()
        await keeper.stop()
        await dock.close()
        await runner.stop()
        await house.finish_errands()
        await engines.close()
        app.state.press.close()
        await models.close()
        await database.close()


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
