"""Counters and histograms of this process, for Prometheus: what has happened since it started.

They carry no name of a person or a recording. What is true at this moment is counted in the database instead, by
`backend.admin.api.metrics`."""

from prometheus_client import CollectorRegistry, Counter, Histogram

_WAIT_BUCKETS = (1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 4 * 3600, 12 * 3600)
_WORK_BUCKETS = (5, 15, 30, 60, 120, 300, 600, 1800, 3600, 2 * 3600, 4 * 3600, 12 * 3600)
_REQUEST_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """One per process. All durations are in seconds."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._starts = self._counter("job_starts", "Attempts started", "kind")
        self._ends = self._counter("job_ends", "Jobs that ended here as done or failed", "kind", "status")
        self._errors = self._counter("attempt_errors", "Attempts that ended with an error, by its code", "code")
        self._audio = self._counter("audio_seconds", "Audio that was transcribed")
        self._requests = self._counter("requests", "HTTP requests answered", "method", "status")
        self._wait = self._histogram(
            "job_wait_seconds", "From when a job could start to its start", _WAIT_BUCKETS, "kind"
        )
        self._engine_wait = self._histogram(
            "job_engine_wait_seconds", "For which an attempt waited while no engine worked for it", _WAIT_BUCKETS
        )
        self._work = self._histogram("job_work_seconds", "Length of the attempts that finished", _WORK_BUCKETS, "kind")
        self._request = self._histogram("request_seconds", "Time to the end of an answer", _REQUEST_BUCKETS, "method")

    def job_started(self, kind: str, wait: float) -> None:
        self._starts.labels(kind).inc()
        self._wait.labels(kind).observe(max(0.0, wait))
        for status in ("done", "failed"):  # so that a rate is known from the first failure on
            self._ends.labels(kind, status)

    def engine_waited(self, seconds: float) -> None:
        """An attempt at a transcript has ended, in whatever way."""
        self._engine_wait.observe(seconds)

    def job_done(self, kind: str, seconds: float, audio: float) -> None:
        """`audio` is 0 for jobs that transcribe nothing."""
        self._ends.labels(kind, "done").inc()
        self._work.labels(kind).observe(seconds)
        self._audio.inc(audio)

    def attempt_failed(self, kind: str, code: str, *, final: bool) -> None:
        self._errors.labels(code).inc()
        if final:
            self._ends.labels(kind, "failed").inc()

    def request_answered(self, method: str, status: int, seconds: float) -> None:
        self._requests.labels(method, str(status)).inc()
        self._request.labels(method).observe(seconds)

    def _counter(self, name: str, description: str, *labels: str) -> Counter:
        return Counter(f"meeting_asr_{name}", description, labels, registry=self.registry)

    def _histogram(self, name: str, description: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"meeting_asr_{name}", description, labels, buckets=buckets, registry=self.registry)
