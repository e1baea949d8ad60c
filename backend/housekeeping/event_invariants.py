"""The check of the event log: every event is told once and in order, and none is of something that never was."""

from collections.abc import AsyncIterator

from sqlalchemy import exists, func, select
from sqlalchemy.orm import aliased

from backend.events.repair import damage
from backend.events.tables import Event, EventKind
from backend.housekeeping.report import CheckContext, Problem, Report
from backend.recordings.tables import Recording

_LOG = "event log"


async def check_events(context: CheckContext, report: Report) -> AsyncIterator[Problem]:
    mend = "Housekeeping repairs it within the hour: open pages then load the present state."
    deletion = aliased(Event)
    was_deleted = exists().where(
        deletion.recording_id == Event.recording_id, deletion.kind == EventKind.RECORDING_DELETED.value
    )
    strangers = (
        select(Event.recording_id, func.count())
        .where(Event.recording_id.is_not(None), ~exists().where(Recording.id == Event.recording_id), ~was_deleted)
        .group_by(Event.recording_id)
        .order_by(Event.recording_id)
    )
    async with context.housekeeping.database.read() as session:
        total = await session.scalar(select(func.count(Event.id)))
        found = await damage(session)
        without_recording = (await session.execute(strangers)).all()
    report.checked["I9"] = total or 0
    if found.missing:
        yield Problem("I9", _LOG, f"up to position {found.whole_after} events are missing", mend)
    if found.last_too_low:
        yield Problem("I9", _LOG, "the next event would get a position that another one has", mend)
    for recording, count in without_recording:
        what = f"{count} events are of this recording, which is neither there nor was deleted"
        yield Problem("I9", str(recording), what, "Restore a backup, or ignore it: the events expire after EVENT_DAYS.")
