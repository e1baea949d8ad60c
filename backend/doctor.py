"""`python -m backend doctor`: what this machine lacks for the server, a line each, with the command that mends it."""

import asyncio
import os
import platform
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

import httpx
import psutil
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from backend.database import async_url, connect
from backend.engines.language import LanguageModelError
from backend.engines.language_model import endpoint_of
from backend.ffmpeg import NoFfmpeg, ffmpeg_path
from backend.settings import ROOT, Settings
from backend.transcripts.fonts import FontMissing, fonts_of
from backend.weights.catalogue import FETCH, MODELS, SETS
from backend.weights.store import ModelMissing, WeightsError, verify

#: Less than this, free, and a recogniser beside a diarizer may be killed by the system.
_MEMORY = {"full": 6 * 1024**3, "small": 2 * 1024**3}

_NEW_KEY = "echo SECRET_KEY=$(python3 -c 'import secrets; print(secrets.token_urlsafe(48))') >> .env"

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at. `mend` is a command, or empty where nothing is to mend."""

    name: str
    state: Literal["ok", "warn", "fail"]
    found: str
    mend: str = ""


def run_doctor(settings: Settings, console: Console | None = None) -> int:
    """Print every line; 1 if any of them is a failure."""
    lines = list(checks(settings))
    table = Table("", "What", "Found, and the command that mends it", title="Meeting ASR: is everything there?")
    for line in lines:
        found = f"{line.found}\n[bold]{escape(line.mend)}[/]" if line.mend else line.found
        table.add_row(f"[{_COLOURS[line.state]}]{line.state}[/]", line.name, found)
    (console or Console()).print(table)
    return 1 if any(line.state == "fail" for line in lines) else 0


def checks(settings: Settings, *, serving: bool = False) -> Iterator[Line]:
    """Every check, in the order in which people mend things. A server that asks has its key and its port already."""
    yield python(sys.version_info[:3])
    if not serving:
        yield secret_key()
    yield secret_file(ROOT / ".env")
    yield ffmpeg()
    yield from models(settings.models_dir)
    yield font(settings.models_dir)
    yield disk(settings.uploads_dir, settings.disk_reserve_bytes)
    yield memory(psutil.virtual_memory().available, settings.models_dir)
    yield asyncio.run(database(settings.database_url))
    yield language_model(settings)
    yield gpu()
    if not serving:
        yield port(int(os.environ.get("PORT") or 8000))


def python(version: tuple[int, ...]) -> Line:
    found = ".".join(str(part) for part in version)
    if version < (3, 10):
        return Line("Python", "fail", found, "install Python 3.10 or newer, delete .venv, run ./start_backend.sh")
    return Line("Python", "ok", f"{found} on {platform.system()} {platform.machine()}")


def secret_key() -> Line:
    """Judged as the server will: the settings we were given may hold one that only stands in for it."""
    try:
        Settings()
    except ValidationError as error:
        if any(problem["loc"][:1] == ("secret_key",) for problem in error.errors()):
            return Line("SECRET_KEY", "fail", "it is missing, too short or an example", _NEW_KEY)
    return Line("SECRET_KEY", "ok", "long enough and no example")


def secret_file(env: Path) -> Line:
    """.env holds the key that signs everybody's tokens: nobody else may read it."""
    if not env.exists():
        return Line(".env", "warn", "there is none: settings come from the environment only", "./start_backend.sh")
    if os.name == "posix" and env.stat().st_mode & 0o077:
        return Line(".env", "warn", "other users of this machine can read it", f"chmod 600 {env}")
    return Line(".env", "ok", "only its owner can read it")


def ffmpeg() -> Line:
    try:
        path = ffmpeg_path()
        answer = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=20, check=True)
    except NoFfmpeg:
        return Line("FFmpeg", "fail", "there is none", "apt install ffmpeg (or brew install ffmpeg)")
    except (OSError, subprocess.SubprocessError):
        return Line("FFmpeg", "fail", f"{path} does not run", "apt install ffmpeg (or brew install ffmpeg)")
    version = " ".join(answer.stdout.split()[2:3])
    whose = "of the system" if shutil.which("ffmpeg") else "of imageio-ffmpeg"
    return Line("FFmpeg", "ok", f"{version}, {whose}")


def models(models_dir: Path) -> Iterator[Line]:
    """Each model, hashed; then whether there is a set that can do the work."""
    there = set()
    for name, model in MODELS.items():
        try:
            manifest = verify(models_dir, name)
        except ModelMissing:
            continue
        except WeightsError as error:
            sentence, _, command = error.detail.partition(" Mend it with: ")
            yield Line(name, "fail", sentence, command)
        else:
            there.add(name)
            weights = max(manifest.files.items(), key=lambda item: item[1].size)[1]
            size = f"{manifest.size / 1e6:.0f} MB"
            yield Line(name, "ok", f"{size}, sha256 {weights.sha256[:12]}… checked, {model.licence}")
    if set(SETS["full"]) <= there:
        yield Line("Models", "ok", "the full set")
    elif set(SETS["small"]) <= there:
        yield Line("Models", "ok", "the small set; the full one hears better", f"{FETCH} --set full")
    else:
        yield Line("Models", "fail", "no set is complete: jobs fail with model_missing", FETCH)


def font(models_dir: Path) -> Line:
    try:
        found = fonts_of(models_dir)[0].name
    except FontMissing:
        return Line("Font", "warn", "none with Chinese characters: no PDF can be written", f"{FETCH} --set print")
    return Line("Font", "ok", f"PDF is written in {found}")


def disk(uploads_dir: Path, reserve: int) -> Line:
    folder = next(place for place in (uploads_dir, *uploads_dir.parents) if place.exists())
    free = shutil.disk_usage(folder).free
    found = f"{free / 1e9:.1f} GB free for uploads, of which {reserve / 1e9:.1f} GB are never used"
    if not os.access(folder, os.W_OK):
        return Line("Disk", "fail", f"{folder} cannot be written to", f"sudo chown -R $USER {folder}")
    if free <= reserve:
        return Line("Disk", "fail", found, "delete old recordings, or set UPLOADS_DIR to a larger disk")
    if free < reserve + 5 * 1024**3:
        return Line("Disk", "warn", found, "delete old recordings, or set UPLOADS_DIR to a larger disk")
    return Line("Disk", "ok", found)


def memory(available: int, models_dir: Path) -> Line:
    wanted = "full" if (models_dir / "seaco-paraformer").exists() else "small"
    found = f"{available / 1e9:.1f} GB available; the {wanted} set of models wants {_MEMORY[wanted] / 1e9:.0f}"
    if available < _MEMORY[wanted]:
        return Line("Memory", "warn", found, "close other programs, or set JOB_QUEUE_MAX_CONCURRENT=1")
    return Line("Memory", "ok", found)


async def database(url: str) -> Line:
    """Whether the database can be opened. SQLite's file is not made here."""
    parsed = async_url(url)
    if parsed.get_backend_name() == "sqlite":
        note = f"SQLite {sqlite3.sqlite_version}"
        if sqlite3.sqlite_version_info < (3, 51, 3):
            note += " (a WAL can be corrupted before 3.51.3 where two connections checkpoint: here only one does)"
        path = Path(parsed.database or "")
        if parsed.database and parsed.database != ":memory:" and not path.exists():
            folder = path.absolute().parent
            if not (folder.is_dir() and os.access(folder, os.W_OK)):
                return Line("Database", "fail", f"{folder} cannot be written to", f"mkdir -p {folder}")
            return Line("Database", "ok", f"{note}; the file is made at the first start")
    else:
        note = parsed.get_backend_name()
    # SQLite opens anything; only what reads the file finds out that it is none of its own.
    probe = "PRAGMA schema_version" if parsed.get_backend_name() == "sqlite" else "SELECT 1"
    try:
        opened = connect(url)
        try:
            async with opened.read() as session:
                await session.execute(text(probe))
        finally:
            await opened.close()
    except ModuleNotFoundError as error:
        return Line("Database", "fail", f"{note}: its driver is not installed", f"pip install {error.name}")
    except (SQLAlchemyError, OSError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        return Line("Database", "fail", f"{note}: {reason}", "check DATABASE_URL in .env")
    return Line("Database", "ok", f"{note}; it answers")


def language_model(settings: Settings, transport: httpx.BaseTransport | None = None) -> Line:
    """Optional: transcripts are made without it, only not polished or summarised."""
    try:
        endpoint = endpoint_of(settings)
    except LanguageModelError as error:
        return Line("Language model", "warn", error.detail, "check OPENAI_BASE_URL in .env")
    if endpoint is None:
        return Line("Language model", "ok", "not set (optional: OPENAI_API_KEY and OPENAI_BASE_URL)")
    address = f"{endpoint.url.rstrip('/')}/models"
    headers = {"Authorization": f"Bearer {endpoint.key}"}
    try:
        with httpx.Client(transport=transport, timeout=5) as web:
            answer = web.get(address, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Line("Language model", "warn", f"cannot be reached: {error}", "check OPENAI_BASE_URL in .env")
    if answer.status_code in (401, 403):
        return Line("Language model", "warn", "it refuses the key", "check OPENAI_API_KEY in .env")
    if answer.status_code >= 500:
        return Line("Language model", "warn", f"it answers {answer.status_code}", "check OPENAI_BASE_URL in .env")
    return Line("Language model", "ok", f"{endpoint.url} answers")


def gpu() -> Line:
    command = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return Line("GPU", "ok", "no NVIDIA GPU: models run on the CPU")
    try:
        torch = metadata.version("torch")
    except metadata.PackageNotFoundError:
        return Line("GPU", "fail", "torch is not installed", "./start_backend.sh --setup-only")
    if torch.endswith("+cpu"):
        mend = f"pip install --force-reinstall torch=={torch.removesuffix('+cpu')}"
        return Line("GPU", "warn", f"{answer} is not used: torch is the CPU build", mend)
    return Line("GPU", "ok", answer)


def port(number: int) -> Line:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError:
            found = f"{number} is in use, perhaps by this server"
            return Line("Port", "warn", found, f"PORT={number + 1} ./start_backend.sh")
    return Line("Port", "ok", f"{number} is free")
