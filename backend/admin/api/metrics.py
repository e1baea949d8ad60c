"""Metrics for Prometheus, protected by a token of their own: gauges that are computed at each request, and the counters
and histograms of this process."""

import hmac
import shutil
from datetime import timedelta

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.dependencies import NotSignedIn, OpenSocketsDep, ReadSession, SettingsDep
from backend.accounts.tables import User
from backend.admin.api.operations import EnginesDep
from backend.database import utc_now
from backend.errors import NotFound
from backend.jobs.tables import Job, Status
from backend.metrics import Metrics
from backend.recordings.tables import Recording

router = APIRouter(tags=["admin"])

#: The period for averages.
_WINDOW = timedelta(hours=1)


@router.get("/metrics", summary="Metrics for Prometheus", response_class=Response)
async def metrics(
    request: Request, settings: SettingsDep, session: ReadSession, open_sockets: OpenSocketsDep, engines: EnginesDep
) -> Response:
    """Requires `Authorization: Bearer` with METRICS_TOKEN; 404 if that is not set."""
    if settings.metrics_token is None:
        raise NotFound
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    expected = settings.metrics_token.get_secret_value().encode()
    if kind.lower() != "bearer" or not hmac.compare_digest(token.encode("utf-8", "replace"), expected):
        raise NotSignedIn
    registry = CollectorRegistry()
    await _add_job_metrics(registry, session)
    await _add_storage_metrics(registry, session)
    memory = _gauge(registry, "engine_memory_bytes", "Memory of an engine's process", "engine")
    waiting = _gauge(registry, "engine_waiting", "Requests that wait for a turn at an engine", "engine")
    for engine in engines.state():
        memory.labels(engine["name"]).set(engine["memory"])
        waiting.labels(engine["name"]).set(engine["waiting"])
    _gauge(registry, "websockets", "Open WebSockets").set(open_sockets.count())
    usage = shutil.disk_usage(settings.uploads_dir)
    _gauge(registry, "disk_free_bytes", "Free space on the disk of the uploads folder").set(usage.free)
    counted: Metrics = request.app.state.metrics
    return Response(generate_latest(registry) + generate_latest(counted.registry), media_type=CONTENT_TYPE_LATEST)


async def _add_job_metrics(registry: CollectorRegistry, session: AsyncSession) -> None:
    by_status = dict.fromkeys((status.value for status in Status), 0)
    for status, number in await session.execute(select(Job.status, func.count()).group_by(Job.status)):
        by_status[status] = number
    jobs = _gauge(registry, "jobs", "Jobs by status", "status")
    for status, number in by_status.items():
        jobs.labels(status).set(number)
    now = utc_now()
    oldest = await session.scalar(select(func.min(Job.not_before)).where(Job.status == Status.QUEUED.value))
    waiting = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
    _gauge(registry, "queue_oldest_seconds", "How long the oldest waiting job has waited").set(waiting)
    started_recently = (
        await session.execute(select(Job.not_before, Job.started_at).where(Job.started_at >= now - _WINDOW))
    ).all()
    waits = [(started - ready).total_seconds() for ready, started in started_recently if started is not None]
    latency = sum(waits) / len(waits) if waits else 0.0
    _gauge(registry, "queue_wait_seconds", "Mean wait of the jobs started in the last hour").set(latency)
    ended = select(Job.status, func.count()).where(Job.finished_at >= now - _WINDOW).group_by(Job.status)
    ends = {status: number for status, number in await session.execute(ended)}
    failed, done = ends.get(Status.FAILED.value, 0), ends.get(Status.DONE.value, 0)
    rate = failed / (failed + done) if failed + done else 0.0
    _gauge(registry, "job_failure_ratio", "Share of failed jobs among those that ended in the last hour").set(rate)


async def _add_storage_metrics(registry: CollectorRegistry, session: AsyncSession) -> None:
    users = await session.scalar(select(func.count()).select_from(User).where(User.active))
    _gauge(registry, "users", "Active accounts").set(users or 0)
    stored = await session.scalar(select(func.sum(Recording.size)).where(Recording.original_removed_at.is_(None)))
    _gauge(registry, "recordings_bytes", "Size of all stored originals").set(stored or 0)
    seconds = await session.scalar(select(func.sum(Recording.duration)))
    _gauge(registry, "recordings_seconds", "Length of all stored recordings").set(seconds or 0)


def _gauge(registry: CollectorRegistry, name: str, description: str, *labels: str) -> Gauge:
    return Gauge(f"meeting_asr_{name}", description, labels, registry=registry)
