"""The shell's commands for operators: check, backup, restore. Each answers an exit status."""

import asyncio
from pathlib import Path

from rich.console import Console

from backend.errors import AppError
from backend.housekeeping.backup import backup
from backend.housekeeping.check import check_house, run_check
from backend.housekeeping.report import Report
from backend.housekeeping.restore import restore
from backend.jobs.queue import Limits
from backend.settings import Settings


def check_here(settings: Settings, *, as_json: bool = False, quick: bool = False) -> int:
    """0 where every promise holds, 1 where one does not, 2 where nobody can tell."""
    return run_check(lambda: asyncio.run(_check(settings, quick)), as_json=as_json)


def backup_here(settings: Settings, target: Path, *, link: bool, portable: bool) -> int:
    """1 where something could not be kept, or was damaged before."""
    console = Console(stderr=True)
    try:
        kept = asyncio.run(backup(settings.database_url, settings.uploads_dir, target, link=link, portable=portable))
    except (AppError, OSError) as error:
        console.print(f"[red]The backup was not made[/red]: {error}", highlight=False)
        return 1
    size = sum(found.size for found in kept.files.values())
    console.print(f"{len(kept.files)} files, {size / 1e9:.2f} GB, are at {target}.", highlight=False)
    console.print("SECRET_KEY is not among them: keep .env too, or nobody's second factor opens any more.")
    for id in kept.damaged:
        console.print(f"[red]{id}[/red]: its original is missing, or not what was uploaded.", highlight=False)
    return 1 if kept.damaged else 0


def restore_here(settings: Settings, source: Path) -> int:
    """Ends with a check of what was restored, and its exit status."""
    console = Console(stderr=True)
    try:
        asyncio.run(restore(source, settings.database_url, settings.uploads_dir))
    except (AppError, OSError) as error:
        console.print(f"[red]Nothing was restored[/red]: {error}", highlight=False)
        return 1
    console.print("Restored. What was found in it:")
    return check_here(settings)


async def _check(settings: Settings, quick: bool) -> Report:
    limits = Limits(settings.job_queue_max_concurrent, settings.job_queue_max_per_user, settings.job_queue_max_size)
    return await check_house(
        settings.database_url,
        settings.uploads_dir,
        limits=limits,
        rescue_seconds=settings.rescue_seconds,
        hashes=not quick,
    )
