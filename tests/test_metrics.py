"""Counters and histograms: each event is counted once, and clients cannot make up series."""

from prometheus_client import generate_latest

from backend.metrics import Metrics
from backend.request_metrics import RequestMetrics


def lines(metrics: Metrics) -> dict[str, float]:
    text = generate_latest(metrics.registry).decode()
    rows = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in rows}


def test_jobs_are_counted_by_kind_and_end() -> None:
    metrics = Metrics()
    for wait in (0.5, 40.0):
        metrics.job_started("transcript", wait)
    metrics.engine_waited(1200.0)
    metrics.job_done("transcript", 100.0, 3600.0)
    metrics.attempt_failed("transcript", "engine_killed", final=False)
    metrics.attempt_failed("transcript", "engine_killed", final=True)

    found = lines(metrics)
    assert found['meeting_asr_job_starts_total{kind="transcript"}'] == 2
    assert found['meeting_asr_job_ends_total{kind="transcript",status="done"}'] == 1
    assert found['meeting_asr_job_ends_total{kind="transcript",status="failed"}'] == 1
    assert found['meeting_asr_attempt_errors_total{code="engine_killed"}'] == 2
    assert found["meeting_asr_audio_seconds_total"] == 3600
    assert found['meeting_asr_job_wait_seconds_bucket{kind="transcript",le="30.0"}'] == 1
    assert found['meeting_asr_job_wait_seconds_bucket{kind="transcript",le="60.0"}'] == 2
    assert found['meeting_asr_job_engine_wait_seconds_bucket{le="1800.0"}'] == 1
    assert found['meeting_asr_job_engine_wait_seconds_bucket{le="600.0"}'] == 0
    assert found['meeting_asr_job_work_seconds_sum{kind="transcript"}'] == 100


def test_a_failure_rate_is_known_before_the_first_failure() -> None:
    metrics = Metrics()
    metrics.job_started("minutes", 0.0)

    assert lines(metrics)['meeting_asr_job_ends_total{kind="minutes",status="failed"}'] == 0


async def test_requests_are_counted_with_their_status_and_invented_methods_together() -> None:
    async def answers(scope: object, _receive: object, send: object) -> None:
        if scope["path"] == "/breaks":  # type: ignore[index]
            raise RuntimeError
        await send({"type": "http.response.start", "status": 404})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": b""})  # type: ignore[operator]

    async def sent(_message: object) -> None:
        pass

    metrics = Metrics()
    counted = RequestMetrics(answers, metrics)  # type: ignore[arg-type]
    for method, path in (("GET", "/"), ("INVENTED", "/"), ("ANOTHER", "/"), ("GET", "/breaks")):
        try:
            await counted({"type": "http", "method": method, "path": path}, sent, sent)  # type: ignore[arg-type]
        except RuntimeError:
            assert path == "/breaks"

    found = lines(metrics)
    assert found['meeting_asr_requests_total{method="GET",status="404"}'] == 1
    assert found['meeting_asr_requests_total{method="GET",status="500"}'] == 1
    assert found['meeting_asr_requests_total{method="other",status="404"}'] == 2
    assert found['meeting_asr_request_seconds_count{method="GET"}'] == 2
