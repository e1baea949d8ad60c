"""What the event log costs: commits a second of transactions that change one row, with and without an event."""

import asyncio
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from sqlalchemy import update

from backend import migrations
from backend.accounts.tables import User
from backend.database import Database, connect
from backend.events.bus import Bus
from backend.events.log import record
from backend.events.tables import EventKind
from backend.jobs.change_notifier import ChangeNotifier
from backend.jobs.queue import Limits
from benchmarks.machine import describe

_ROUNDS = 5
MIN_RATIO = 0.9


def run(seconds: float, writers: int, kind: str) -> int:
    """Print the figures; returns 1 if there are fewer than 0.9 times as many commits with events."""
    from tests.databases import SQLITE, serve

    console = Console()
    console.print(describe(), highlight=False)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = f"sqlite:///{folder}/server.db" if kind == SQLITE else stack.enter_context(serve(kind)).create()
        migrations.upgrade(url)
        rates = asyncio.run(_measure(url, seconds, writers))
    without, with_events = (statistics.median(values) for values in rates)
    ratio = statistics.median(more / less for less, more in zip(*rates, strict=True))
    told = (
        f"{kind}, {writers} writers: {without:.0f} commits/s without events, {with_events:.0f} with: {ratio:.2f} times"
    )
    console.print(told, highlight=False)
    return 0 if ratio >= MIN_RATIO else 1


async def _measure(url: str, seconds: float, writers: int) -> tuple[list[float], list[float]]:
    """The rates without and with events, measured in turns, while a listener is told of them as on a server."""
    database, bus = connect(url), Bus()
    async with database.write() as session:
        session.add_all(User(id=f"{place}", username=f"{place}", username_key=f"{place}") for place in range(writers))
    notifier = ChangeNotifier(database, bus, Limits())
    following = asyncio.create_task(notifier.run())
    rates: tuple[list[float], list[float]] = ([], [])
    with bus.listen("0"):
        for _ in range(_ROUNDS):
            for with_events in (False, True):
                end = time.perf_counter() + seconds
                counts = await asyncio.gather(
                    *(_write(database, f"{place}", end, with_events) for place in range(writers))
                )
                rates[with_events].append(sum(counts) / seconds)
    notifier.stop()
    await following
    await database.close()
    return rates


async def _write(database: Database, user: str, end: float, with_events: bool) -> int:
    count = 0
    while time.perf_counter() < end:
        async with database.write() as session:
            await session.execute(update(User).where(User.id == user).values(username=f"{user} {count}"))
            if with_events:
                record(session, EventKind.RECORDING_RENAMED, owner_id=user, recording_id=user)
        count += 1
    return count
