"""`python -m backend check`: checks the invariants, row by row and file by file. It changes nothing."""

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
from backend.housekeeping.context import SWEEP_SECONDS, HousekeepingContext
from backend.housekeeping.invariants import CHECKS
from backend.housekeeping.report import DESCRIPTIONS, NOT_CHECKED, CheckContext, CheckImpossible, Report
from backend.jobs.queue import Limits
from backend.recordings.files import Storage


async def check_installation(
    database_url: str,
    uploads_dir: Path,
    *,
    limits: Limits,
    rescue_seconds: float = 30.0,
    sweep_seconds: float = SWEEP_SECONDS,
    hashes: bool = True,
    now: datetime | None = None,
) -> Report:
    """Run every check; a server may run meanwhile. Raises CheckImpossible.

    What a running server is just changing may look wrong for a moment, so problems are checked a second time."""
    file = async_url(database_url)
    if file.get_backend_name() == "sqlite" and not Path(file.database or "").is_file():
        raise CheckImpossible(f"There is no database at {file.database}. Check DATABASE_URL.")
    database = connect(database_url)
    try:
        housekeeping = HousekeepingContext(database, Storage(uploads_dir), sweep_seconds)
        await _check_revision(database)
        first = await _run_checks(CheckContext(housekeeping, limits, rescue_seconds, hashes, now or utc_now()))
        if first.green:
            return first
        second = await _run_checks(CheckContext(housekeeping, limits, rescue_seconds, hashes, now or utc_now()))
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        raise CheckImpossible(f"The database cannot be read ({error}). Check DATABASE_URL.") from error
    finally:
        await database.close()
    second.problems = [problem for problem in second.problems if problem in first.problems]
    return second


def print_report(report: Report, console: Console) -> None:
    """Print a line for each invariant, then each problem with how to fix it."""
    table = Table("", "Invariant", "Result", title="Meeting ASR: consistency check")
    wrong = Counter(problem.invariant for problem in report.problems)
    for name, description in DESCRIPTIONS.items():
        state = f"[red]{wrong[name]} problems[/]" if wrong[name] else f"[green]{report.checked[name]} checked[/]"
        table.add_row(name, description, state)
    console.print(table)
    for problem in report.problems:
        console.print(f"[red]{problem.invariant}[/] {escape(problem.subject)}: {escape(problem.what)}", highlight=False)
        console.print(f"   {escape(problem.mend)}", highlight=False)
    for note in (*report.notes, *NOT_CHECKED):
        console.print(f"[dim]{escape(note)}[/]", highlight=False)


def run_check(check: Callable[[], Report], *, as_json: bool) -> int:
    """0 if there are no problems, 1 if there are, 2 if the check cannot run."""
    try:
        report = check()
    except CheckImpossible as error:
        print(error, file=sys.stderr)
        return 2
    if as_json:
        found = {"green": report.green, "looked": dict(report.checked), "notes": [*report.notes, *NOT_CHECKED]}
        print(json.dumps({**found, "problems": [asdict(one) for one in report.problems]}, ensure_ascii=False, indent=2))
    else:
        print_report(report, Console())
    return 0 if report.green else 1


async def _run_checks(context: CheckContext) -> Report:
    report = Report()
    for check in CHECKS:
        async for problem in check(context, report):
            report.problems.append(problem)
        if not report.readable:
            report.notes.append("Nothing else was checked: it would need the columns that are missing.")
            break
    return report


async def _check_revision(database: Database) -> None:
    async with database.read() as session:
        try:
            revision = await session.scalar(text("SELECT version_num FROM alembic_version"))
        except (OSError, SQLAlchemyError) as error:
            if isinstance(error, OSError) or is_busy(error):  # no server at that address
                raise CheckImpossible(f"The database cannot be reached ({error}). Check DATABASE_URL.") from error
            raise CheckImpossible("This database has no tables of Meeting ASR. Check DATABASE_URL.") from None
    if revision != migrations.newest():
        ours = migrations.newest()
        raise CheckImpossible(f"The database has revision {revision}, this program {ours}. Start the server once.")
