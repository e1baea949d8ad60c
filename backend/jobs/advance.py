"""What a job's progress tells beside its stages: how far earlier attempts came, and how long engines let it wait.

An attempt that comes no further than those before may be what ends its runners."""

from collections.abc import Mapping, Sequence

from backend.jobs.tables import Job, Stage

#: In `Job.progress`: how far earlier attempts came.
_FURTHEST = "furthest"
#: In `Job.progress`: for how many seconds this attempt waited for an engine while none worked for it.
_WAITED = "waited"
_STAGES = frozenset(stage.value for stage in Stage)


def has_advanced(job: Job) -> bool:
    """Whether this attempt came further than every earlier one."""
    return _seconds_done(job) > job.progress.get(_FURTHEST, [0.0])[0]


def with_furthest(progress: dict[str, list[float]], job: Job) -> dict[str, list[float]]:
    """The progress of an attempt together with how far `job` came before: the seconds of all its stages."""
    furthest = max(_seconds_done(job), job.progress.get(_FURTHEST, [0.0])[0])
    return progress | {_FURTHEST: [furthest, furthest]} if furthest else progress


def with_wait(progress: dict[str, list[float]], seconds: float) -> dict[str, list[float]]:
    """The progress of an attempt that waited so long for engines."""
    return progress | {_WAITED: [round(seconds, 1)]} if seconds else progress


def wait_for_engines(progress: Mapping[str, Sequence[float]]) -> float:
    """For how many seconds the attempt with this progress waited for an engine while none worked for it."""
    return progress.get(_WAITED, [0.0])[0]


def _seconds_done(job: Job) -> float:
    return sum(seconds[0] for name, seconds in job.progress.items() if name in _STAGES)
