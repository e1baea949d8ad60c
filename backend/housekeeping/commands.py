"""The commands check, backup and restore. Each answers an exit status."""

import asyncio
from pathlib import Path

from rich.console import Console

from backend.database import connect
from backend.errors import AppError
from backend.housekeeping.backup import backup
from backend.housekeeping.check import check_installation, run_check
from backend.housekeeping.report import Report
from backend.housekeeping.restore import restore
from backend.jobs.queue import Limits
from backend.search import rebuild as search_index
from backend.settings import Settings


def check_command(settings: Settings, *, as_json: bool = False, quick: bool = False) -> int:
    """0 if every invariant holds, 1 if one does not, 2 if the check cannot run."""
    return run_check(lambda: asyncio.run(_check(settings, quick)), as_json=as_json)


def backup_command(settings: Settings, target: Path, *, link: bool, portable: bool) -> int:
    """1 if the backup failed, or if an original was damaged before."""
    console = Console(stderr=True)
    try:
        made = backup(settings.database_url, settings.uploads_dir, target, link=link, portable=portable)
        manifest = asyncio.run(made)
    except (AppError, OSError) as error:
        console.print(f"[red]The backup was not made[/red]: {error}", highlight=False)
        return 1
    size = sum(found.size for found in manifest.files.values())
    console.print(f"{len(manifest.files)} files, {size / 1e9:.2f} GB, are at {target}.", highlight=False)
    console.print("SECRET_KEY is not among them: back up .env too, or nobody can sign in with a second factor.")
    for id in manifest.damaged:
        console.print(f"[red]{id}[/red]: its original is missing, or not what was uploaded.", highlight=False)
    return 1 if manifest.damaged else 0


def restore_command(settings: Settings, source: Path) -> int:
    """Restore, then check; answers the exit status of the check."""
    console = Console(stderr=True)
    try:
        asyncio.run(restore(source, settings.database_url, settings.uploads_dir))
    except (AppError, OSError) as error:
        console.print(f"[red]Nothing was restored[/red]: {error}", highlight=False)
        return 1
    console.print("Restored. Result of the check:")
    return check_command(settings)


def rebuild_search_command(settings: Settings) -> int:
    count = asyncio.run(_rebuild_search(settings))
    Console(stderr=True).print(f"The transcripts of {count} recordings are in the index.", highlight=False)
    return 0


async def _rebuild_search(settings: Settings) -> int:
    database = connect(settings.database_url)
    try:
        return await search_index.rebuild(database)
    finally:
        await database.close()


async def _check(settings: Settings, quick: bool) -> Report:
    limits = Limits(settings.job_queue_max_concurrent, settings.job_queue_max_per_user, settings.job_queue_max_size)
    return await check_installation(
        settings.database_url,
        settings.uploads_dir,
        limits=limits,
        rescue_seconds=settings.rescue_seconds,
        hashes=not quick,
    )
