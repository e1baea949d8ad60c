"""The check of deliveries: each waits, is being sent, or has ended, and events are delivered from where the log is."""

from collections.abc import AsyncIterator

from sqlalchemy import select

from backend.delivery.tables import ENDED, Delivery, DeliveryCursor, DeliveryStatus
from backend.events import log as event_log
from backend.housekeeping.report import CheckContext, Problem, Report


async def check_deliveries(context: CheckContext, report: Report) -> AsyncIterator[Problem]:
    async with context.housekeeping.database.read() as session:
        rows = (await session.scalars(select(Delivery).where(Delivery.status.not_in(ENDED)))).all()
        cursor = await session.get(DeliveryCursor, 1)
        log = await event_log.state(session)
    report.checked["I11"] = len(rows)
    for row in rows:
        if row.status == DeliveryStatus.SENDING.value and (row.claimed_until is None or row.runner is None):
            yield Problem("I11", row.id, "it is being sent by nobody", "Delete its channel, and add it again.")
    if cursor is not None and cursor.position > log.last:
        what = f"deliveries were made up to event {cursor.position}, but the log ends at {log.last}"
        yield Problem("I11", "delivery_cursor", what, "A running server goes on from the end of the log.")
