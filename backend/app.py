"""The application, assembled here and nowhere else: state, middleware, routes, and what runs while it serves."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from fastapi import Depends, FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi_offline import FastAPIOffline
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.responses import JSONResponse

from backend import migrations
from backend.accounts.api import account, google, keys, register, second_factor
from backend.accounts.dependencies import UPLOAD_TICKET, UPLOAD_TOKEN
from backend.accounts.google import GoogleSignIn
from backend.accounts.login_monitor import LoginMonitor
from backend.accounts.nonces import Nonces
from backend.accounts.open_sockets import OpenSockets
from backend.accounts.passwords import Passwords
from backend.accounts.throttle import Throttle
from backend.accounts.tickets import Tickets
from backend.admin.api import audit, figures, limits, metrics, operations, storage, system, users
from backend.api_description import serve_description
from backend.background import BackgroundTasks
from backend.comments import api as comments
from backend.coordination.leases import Leases
from backend.coordination.server import Server
from backend.coordination.single_process import only_process
from backend.database import connect
from backend.database_errors import refusal
from backend.delivery.api import channels, event_log
from backend.delivery.sender import Sender
from backend.engines.hosts import open_engines
from backend.errors import install_handlers
from backend.events.bus import Bus
from backend.exports.api import minutes as minutes_exports
from backend.exports.api import shared_written_form, written_form
from backend.exports.api import transcripts as transcript_exports
from backend.exports.api import translations as translation_exports
from backend.figures import api as talk_figures
from backend.forwarded_headers import ForwardedHeaders, PathPrefix, UntrustedProxies
from backend.housekeeping.context import HousekeepingContext
from backend.housekeeping.housekeeper import Housekeeper
from backend.jobs import quotas
from backend.jobs.api import engines, jobs, language_model_jobs, socket
from backend.jobs.api.dependencies import Services
from backend.jobs.change_notifier import ChangeNotifier
from backend.jobs.language_model_jobs import LanguageModelJobs
from backend.jobs.pipeline import open_pipeline
from backend.jobs.queue import Limits
from backend.jobs.runner import Runner
from backend.library.api import folders, form_upload, from_uploads, organize, search, tags, trash
from backend.logs import set_up_logs
from backend.metrics import Metrics
from backend.middleware import (
    METHOD_OVERRIDE,
    BodySizeLimit,
    ClientAddress,
    MethodOverride,
    SecurityHeaders,
    UnhandledErrors,
)
from backend.minutes.api import edit as edit_minutes
from backend.minutes.api import endpoints, minutes, model, names, questions, review, shared, templates, translations
from backend.minutes.models import Models
from backend.page import DIST, Page, is_built
from backend.people.api import people, speakers
from backend.plain_errors import PlainErrors
from backend.query_names import refuse_unknown_names
from backend.readiness import Readiness
from backend.recordings.api import recordings, uploads
from backend.recordings.files import Storage
from backend.recordings.upload_receiver import UploadReceiver
from backend.request_metrics import RequestMetrics
from backend.search import api as text_search
from backend.search.rebuild import index_missing
from backend.settings import Settings
from backend.shares.api import links, visitors
from backend.transcripts import api as transcripts
from backend.transcripts.render_pool import RenderPool
from backend.trusted_proxies import trusted_addresses

logger = logging.getLogger(__name__)

#: Every module with a router.
_ROUTER_MODULES = (
    *(account, keys, second_factor, google, register),
    *(form_upload, trash, uploads, from_uploads, search, text_search, recordings, transcripts),
    *(tags, folders, organize, comments, talk_figures),
    *(jobs, language_model_jobs, engines, socket),
    *(minutes, edit_minutes, review, translations, questions, names, templates, model, endpoints, shared),
    *(transcript_exports, minutes_exports, translation_exports, written_form, links, visitors, shared_written_form),
    *(channels, event_log),
    *(people, speakers),
    *(users, operations, limits, figures, storage, system, audit, metrics),
)

#: Headers that pages of other origins may send.
_CORS_REQUEST_HEADERS = (
    *("Authorization", "Content-Type", "X-API-Key", "X-Requested-With", "Idempotency-Key", "Range", "If-Range"),
    *("Tus-Resumable", "Upload-Length", "Upload-Metadata", "Upload-Offset", "Upload-Checksum"),
    *(UPLOAD_TICKET, UPLOAD_TOKEN, METHOD_OVERRIDE),
)
#: Headers of answers that such pages may read.
_CORS_RESPONSE_HEADERS = (
    *("Content-Disposition", "Content-Range", "Retry-After", "Idempotency-Replayed", "X-Request-Id"),
    *("Location", "Tus-Resumable", "Tus-Version", "Tus-Extension", "Tus-Max-Size", "Tus-Checksum-Algorithm"),
    *("Upload-Length", "Upload-Metadata", "Upload-Offset", "Upload-Expires", UPLOAD_TOKEN),
)

_API_DESCRIPTION = """Turns recordings of Mandarin meetings into text with speakers.

Sign in with **Authorize**, send a recording to `POST /api/recordings`, follow it on the WebSocket `/api/events`
(first message `{"ticket": "<from POST /api/auth/tickets>"}`), and take the transcript from
`GET /api/recordings/{id}/transcript`.
Errors are `{"code", "detail"}`."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """The server as a FastAPI application. By default the settings are read from the environment and `.env`."""
    settings = settings or Settings()
    set_up_logs(settings.log_level, settings.log_format, settings.log_file)
    app = _new_fastapi(settings)
    _set_state(app, settings)
    _add_error_handlers(app)
    _add_routes(app)
    _add_middleware(app, settings)
    return app


def _set_state(app: FastAPI, settings: Settings) -> None:
    """What needs no event loop; `_lifespan` adds the rest."""
    app.state.settings = settings
    app.state.limits = Limits(
        settings.job_queue_max_concurrent,
        settings.job_queue_max_per_user,
        settings.job_queue_max_size,
        settings.job_queue_max_language,
        settings.job_queue_per_server,
    )
    app.state.bus = Bus()
    app.state.metrics = Metrics()
    app.state.background_tasks = BackgroundTasks()
    app.state.check_upload_quota = quotas.check_upload
    app.state.passwords = Passwords()
    app.state.untrusted_proxies = UntrustedProxies()
    app.state.doctor_lock = asyncio.Lock()  # the doctor hashes gigabytes
    app.state.storage = Storage(settings.uploads_dir)
    app.state.readiness = Readiness(settings)
    app.state.render_pool = RenderPool(settings.models_dir)


def add_sign_in_state(app: FastAPI, settings: Settings, leases: Leases) -> None:
    """What several servers on one database have in common about who is signed in."""
    database = leases.database
    app.state.open_sockets = OpenSockets(leases, settings.sockets_per_user)
    app.state.clock = leases.server.right_clock
    app.state.tickets = Tickets(database)
    app.state.throttle = Throttle(database)
    nonces = Nonces(database, settings.secret_key.get_secret_value())
    app.state.google = GoogleSignIn(settings.google_clients, nonces)


def _add_error_handlers(app: FastAPI) -> None:
    install_handlers(app)
    app.add_exception_handler(DBAPIError, _answer_refusal)
    app.add_exception_handler(PoolTimeout, _answer_refusal)


def _add_routes(app: FastAPI) -> None:
    for router_module in _ROUTER_MODULES:
        app.include_router(router_module.router)
    _add_health(app)
    if is_built():
        app.router.routes.append(Page(DIST))


def _add_middleware(app: FastAPI, settings: Settings) -> None:
    """Middleware that was added first is next to the routes."""
    app.add_middleware(UnhandledErrors)
    app.add_middleware(BodySizeLimit, streamed=form_upload.STREAMED | uploads.STREAMED)
    app.add_middleware(PlainErrors)
    app.add_middleware(MethodOverride)
    # Outside of what refuses requests: pages of other origins must be able to read why.
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(settings.cors_origins),
        allow_credentials=True,
        allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=_CORS_REQUEST_HEADERS,
        expose_headers=_CORS_RESPONSE_HEADERS,
    )
    app.add_middleware(SecurityHeaders, google=bool(settings.google_clients))
    app.add_middleware(ClientAddress)
    app.add_middleware(PathPrefix, prefix=settings.path_prefix)
    trusted = trusted_addresses(settings.trusted_proxies)
    app.add_middleware(ForwardedHeaders, trusted=trusted, untrusted=app.state.untrusted_proxies)
    app.add_middleware(RequestMetrics, metrics=app.state.metrics)


def _new_fastapi(settings: Settings) -> FastAPI:
    of_every_route = [Depends(refuse_unknown_names)]
    if not settings.docs:
        return FastAPI(
            title="Meeting ASR", version="0.1.0", lifespan=_lifespan, openapi_url=None, dependencies=of_every_route
        )
    # The scripts of /docs are served from here: a server in a closed network cannot load them from a CDN.
    app = FastAPIOffline(
        title="Meeting ASR",
        version="0.1.0",
        description=_API_DESCRIPTION,
        lifespan=_lifespan,
        dependencies=of_every_route,
    )
    serve_description(app)
    return app


async def _answer_refusal(_request: Request, error: Exception) -> JSONResponse:
    """Answer 503 or 507 with Retry-After when the database is busy, full or read-only; any other error is a bug."""
    answer = refusal(error)
    if answer is None:
        raise error
    return JSONResponse({"code": answer.code, "detail": answer.detail}, answer.status, headers=answer.headers)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    with only_process(app.state.settings.database_url):
        async with _running(app):
            yield


@asynccontextmanager
async def _running(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    await asyncio.to_thread(migrations.upgrade, settings.database_url)
    settings.uploads_dir.mkdir(parents=True, exist_ok=True)
    database = app.state.database = connect(settings.database_url, busy_seconds=settings.database_busy_seconds)
    server = Server(timedelta(seconds=settings.rescue_seconds))
    leases = Leases(database, server)
    add_sign_in_state(app, settings, leases)
    models = app.state.models = Models(database, settings, leases)
    engines = app.state.engines = open_engines(settings)
    notifier = app.state.notifier = ChangeNotifier(database, app.state.bus, app.state.limits)
    pipeline = open_pipeline(engines, settings)
    runner = app.state.runner = Runner(
        database,
        notifier,
        app.state.storage,
        pipeline,
        LanguageModelJobs(database, models),
        app.state.limits,
        app.state.render_pool,
        max_attempts=settings.job_max_attempts,
        max_seconds=settings.max_audio_hours * 3600,
        heartbeat_seconds=settings.heartbeat_seconds,
        rescue_seconds=settings.rescue_seconds,
        metrics=app.state.metrics,
        server=server,
    )
    upload_receiver = app.state.upload_receiver = UploadReceiver(
        app.state.storage, reserve_bytes=settings.disk_reserve_bytes, lifetime=timedelta(hours=settings.upload_hours)
    )
    app.state.services = Services(
        app.state.storage, app.state.limits, app.state.bus, notifier, runner, app.state.background_tasks
    )
    async with database.write() as session:
        await server.beat(session)
    await runner.start()
    housekeeper = app.state.housekeeper = Housekeeper(
        HousekeepingContext(database, app.state.storage),
        settings.trash_days,
        settings.housekeeping_minutes * 60,
        leases,
        settings.event_days,
    )
    housekeeper.start()
    sender = app.state.sender = Sender(database, settings, server)
    sender.start()
    login_monitor = LoginMonitor(database, app.state.open_sockets)
    login_monitor.start()
    stopping = asyncio.Event()
    app.state.background_tasks.start(index_missing(database, stopping))
    try:
        yield
    finally:
        stopping.set()
        await login_monitor.stop()
        await sender.stop()
        await housekeeper.stop()
        await upload_receiver.close()
        await runner.stop()
        await app.state.background_tasks.finish()
        await engines.close()
        await app.state.render_pool.close()
        await models.close()
        await leases.close()
        await database.close()


def _add_health(app: FastAPI) -> None:
    @app.get("/health", tags=["health"], summary="The process answers")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/ready", tags=["health"], summary="Jobs are claimed, and everything they need works")
    async def ready() -> JSONResponse:
        try:
            async with app.state.database.read() as session:
                await session.execute(select(1))
            database = app.state.runner.database_state  # as it is to be written to
        except SQLAlchemyError:
            database = "unreachable"
        runner = "ok" if app.state.runner.alive else "stopped"
        states = {"database": database, "runner": runner, **await app.state.readiness.states()}
        healthy = all(state == "ok" for state in states.values())
        # No reason to send nobody here: see `doctor`.
        states["proxy"] = "untrusted" if list(app.state.untrusted_proxies) else "ok"
        return JSONResponse(states, 200 if healthy else 503)
