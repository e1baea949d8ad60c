"""Several server processes on one port: `serve --workers N`."""

import ctypes
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket

    from fastapi import FastAPI

    from backend.settings import Settings

#: A worker that does not answer its supervisor for so long is replaced.
_HUNG_SECONDS = 60


class WorkersRefused(Exception):
    """Its text says what is wrong and what to do."""


def check_workers(settings: "Settings", workers: int) -> None:
    """Raise `WorkersRefused` where several processes cannot work together."""
    from backend.coordination.single_process import sqlite_file

    if workers > 1 and sqlite_file(settings.database_url) is not None:
        raise WorkersRefused(
            "SQLite serves one process. Set DATABASE_URL to PostgreSQL or MariaDB for several workers, or leave out "
            "--workers."
        )
    if workers > 1 and settings.log_file is not None:
        raise WorkersRefused("LOG_FILE is for one process. Leave it out with --workers: the log goes to stderr too.")


def create_worker() -> "FastAPI":
    """The application of one worker; its settings come from the environment, as `run_workers` has left them."""
    from backend.app import create_app
    from backend.malloc import retain_freed_memory
    from backend.settings import load_settings

    retain_freed_memory()
    if sys.platform == "linux":  # a worker does not outlive its supervisor
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)
    return create_app(load_settings())


def run_workers(workers: int, sockets: "list[socket.socket]", given: dict[str, Any], options: dict[str, Any]) -> int:
    """Run until stopped; a worker that dies is replaced. `given` are the settings of the command line, `options` those
    of uvicorn. Answers the exit status: 3 where a worker cannot start."""
    import uvicorn
    from uvicorn.config import STARTUP_FAILURE
    from uvicorn.supervisors import Multiprocess

    os.environ.update({name.upper(): str(value) for name, value in given.items()})
    config = uvicorn.Config(
        "backend.workers:create_worker",
        factory=True,
        workers=workers,
        timeout_worker_healthcheck=_HUNG_SECONDS,
        **options,
    )
    supervisor = Multiprocess(config, sockets)
    supervisor.run()
    return STARTUP_FAILURE if any(one.exitcode == STARTUP_FAILURE for one in supervisor.processes) else 0
