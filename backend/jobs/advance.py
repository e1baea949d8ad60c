"""How far the attempts at a job came: one that comes no further than those before may be what ends its runners."""

from backend.jobs.tables import Job

#: In `Job.progress`: how far earlier attempts came.
_FURTHEST = "furthest"


def has_advanced(job: Job) -> bool:
    """Whether this attempt came further than every earlier one."""
    return _seconds_done(job) > job.progress.get(_FURTHEST, [0.0])[0]


def with_furthest(progress: dict[str, list[float]], job: Job) -> dict[str, list[float]]:
    """The progress of an attempt together with how far `job` came before: the seconds of all its stages."""
    furthest = max(_seconds_done(job), job.progress.get(_FURTHEST, [0.0])[0])
    return progress | {_FURTHEST: [furthest, furthest]} if furthest else progress


def _seconds_done(job: Job) -> float:
    return sum(seconds[0] for stage, seconds in job.progress.items() if stage != _FURTHEST)
