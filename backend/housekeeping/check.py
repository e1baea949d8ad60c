"""`python -m backend check`: whether what was promised holds, row by row and file by file. It changes nothing."""

import json
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from backend import migrations
from backend.database import Database, async_url, connect, is_busy, utc_now
from backend.housekeeping.ground import SWEEP_SECONDS, Ground
from backend.housekeeping.invariants import LOOKS
from backend.housekeeping.report import PROMISES, UNSAID, CannotLook, House, Report
from backend.jobs.queue import Limits
from backend.recordings.files import Storage


async def check_house(
    database_url: str,
    uploads_dir: Path,
    *,
    limits: Limits,
    rescue_seconds: float = 30.0,
    sweep_seconds: float = SWEEP_SECONDS,
    hashes: bool = True,
    now: datetime | None = None,
) -> Report:
    """Look at everything, while a server runs or not. Raises CannotLook.

    What a running server was just changing looks wrong for a moment: what is wrong is looked at twice."""
    file = async_url(database_url)
    if file.get_backend_name() == "sqlite" and not Path(file.database or "").is_file():
        raise CannotLook(f"There is no database at {file.database}. Check DATABASE_URL.")
    database = connect(database_url)
    try:
        ground = Ground(database, Storage(uploads_dir), sweep_seconds)
        await _must_be_ours(database)
        first = await _look(House(ground, limits, rescue_seconds, hashes, now or utc_now()))
        if first.green:
            return first
        second = await _look(House(ground, limits, rescue_seconds, hashes, now or utc_now()))
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        raise CannotLook(f"The database cannot be read ({error}). Check DATABASE_URL.") from error
    finally:
        await database.close()
    second.problems = [problem for problem in second.problems if problem in first.problems]
    return second


def show(report: Report, console: Console) -> None:
    """For people: a line for each promise, then each problem with what to do."""
    table = Table("", "Promise", "Found", title="Meeting ASR: does it hold?")
    wrong = Counter(problem.invariant for problem in report.problems)
    for name, promise in PROMISES.items():
        state = f"[red]{wrong[name]} wrong[/]" if wrong[name] else f"[green]{report.looked[name]} looked at[/]"
        table.add_row(name, promise, state)
    console.print(table)
    for problem in report.problems:
        console.print(f"[red]{problem.invariant}[/] {escape(problem.subject)}: {escape(problem.what)}", highlight=False)
        console.print(f"   {escape(problem.mend)}", highlight=False)
    for note in (*report.notes, *UNSAID):
        console.print(f"[dim]{escape(note)}[/]", highlight=False)


def run_check(check: Callable[[], Report], *, as_json: bool) -> int:
    """0 where all is well, 1 where something is wrong, 2 where it cannot be looked at."""
    try:
        report = check()
    except CannotLook as error:
        print(error, file=sys.stderr)
        return 2
    if as_json:
        found = {"green": report.green, "looked": dict(report.looked), "notes": [*report.notes, *UNSAID]}
        print(json.dumps({**found, "problems": [asdict(one) for one in report.problems]}, ensure_ascii=False, indent=2))
    else:
        show(report, Console())
    return 0 if report.green else 1


async def _look(house: House) -> Report:
    report = Report()
    for look in LOOKS:
        async for problem in look(house, report):
            report.problems.append(problem)
    return report


async def _must_be_ours(database: Database) -> None:
    async with database.read() as session:
        try:
            revision = await session.scalar(text("SELECT version_num FROM alembic_version"))
        except (OSError, SQLAlchemyError) as error:
            if isinstance(error, OSError) or is_busy(error):  # nobody listens there
                raise CannotLook(f"The database cannot be reached ({error}). Check DATABASE_URL.") from error
            raise CannotLook("This database has no tables of ours. Check DATABASE_URL.") from None
    if revision != migrations.newest():
        ours = migrations.newest()
        raise CannotLook(f"The database is of revision {revision}, this program of {ours}. Start the server once.")
