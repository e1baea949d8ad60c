"""`python -m backend doctor`: checks everything the server needs, each with the command that fixes it."""

import asyncio
import os
import platform
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
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
from backend.engines.language_model_protocol import LanguageModelError
from backend.engines.model_endpoint import endpoint_from_settings
from backend.engines.whisper_folder import CONVERT, find_problem
from backend.errors import AppError
from backend.ffmpeg import NoFfmpeg, ffmpeg_path
from backend.recordings.decoder_check import ffmpeg_problem
from backend.settings import ROOT, Settings
from backend.transcripts.fonts import FontMissing, fonts_of
from backend.weights import store
from backend.weights.catalogue import FETCH, MODELS, SETS

#: With less free memory the system may kill a transcriber that runs beside a diarizer.
_MEMORY = {"full": 6 * 1024**3, "small": 2 * 1024**3}

_NEW_KEY = "echo SECRET_KEY=$(python3 -c 'import secrets; print(secrets.token_urlsafe(48))') >> .env"

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


#: The message of each code. The page has the same messages in the reader's language, with the same facts.
MESSAGES = {
    "python_old": "{version}, which is too old",
    "python_there": "{version} on {system}",
    "key_poor": "it is missing, too short or an example",
    "key_good": "long enough and not an example",
    "env_missing": "not found: settings come from the environment only",
    "env_open": "other users of this machine can read it",
    "env_closed": "only its owner can read it",
    "ffmpeg_missing": "not found",
    "decoder_broken": "{path} does not work: {why}",
    "ffmpeg_system": "{version}, from the system",
    "ffmpeg_package": "{version}, from imageio-ffmpeg",
    "model_incomplete": "{file} is missing",
    "model_changed": "{file} has changed on disk",
    "model_unknown": "{file} is not the one we know",
    "model_whole": "{size} MB, sha256 {sha256}… checked, {licence}",
    "models_full": "the full set",
    "models_small": "the small set; the full set makes fewer errors",
    "models_tiny": "the tiny set; the small set is far better where people talk freely",
    "models_none": "no set is complete: jobs fail with model_missing",
    "whisper_missing": "{folder} does not exist",
    "whisper_incomplete": "{file} is missing in {folder}",
    "whisper_unusable": "{file} in {folder} is not that of a multilingual Whisper model in CTranslate2's format",
    "whisper_good": "{folder}, a Whisper model in CTranslate2's format",
    "font_missing": "none with Chinese characters: PDF export does not work",
    "font_there": "PDF export uses {font}",
    "disk_closed": "{folder} cannot be written to",
    "disk_full": "{free} GB free for uploads, of which {reserve} GB are never used",
    "disk_tight": "{free} GB free for uploads, of which {reserve} GB are never used",
    "disk_free": "{free} GB free for uploads, of which {reserve} GB are never used",
    "memory_short": "{free} GB available; the installed models need {wanted} GB",
    "memory_enough": "{free} GB available; the installed models need {wanted} GB",
    "database_closed": "{folder} cannot be written to",
    "database_new": "{kind}; the file is created at the first start",
    "database_driver": "{kind}: its driver is not installed",
    "database_refuses": "{kind}: {why}",
    "database_answers": "{kind}; it answers",
    "database_answers_old": (
        "{kind}; it answers (before 3.51.3 two connections that checkpoint can corrupt a WAL; here only one does)"
    ),
    "language_unset": "not set (optional: OPENAI_API_KEY and OPENAI_BASE_URL)",
    "language_address": "the address must be like https://host/v1, without a user, a password or a query",
    "language_unreachable": "cannot be reached: {why}",
    "language_key": "it refuses the key",
    "language_broken": "it answers with status {status}",
    "language_answers": "{url} answers",
    "gpu_none": "no NVIDIA GPU: models run on the CPU",
    "gpu_torch": "torch is not installed",
    "gpu_unused": "{gpu} is not used: torch is the CPU build",
    "gpu_there": "{gpu}",
    "proxy_untrusted": "{peers} forwards requests and is not trusted: in the audit log everybody has its address",
    "proxy_unnamed": "a peer forwards requests and is not trusted; the log and the console of the server name it",
    "proxy_trusted": "no peer forwards requests without being trusted",
    "port_taken": "{port} is in use, perhaps by this server",
    "port_free": "{port} is free",
}


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check. `mend` is the command that fixes it, or empty."""

    name: str
    state: Literal["ok", "warn", "fail"]
    code: str  #: a key of `MESSAGES`
    mend: str = ""
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def found(self) -> str:
        """The message in English, for the terminal."""
        return MESSAGES[self.code].format(**self.facts)


def run_doctor(settings: Settings, console: Console | None = None) -> int:
    """Print every result; answers 1 if any check failed."""
    results = list(checks(settings))
    table = Table("", "Check", "Result, and the command that fixes it", title="Meeting ASR: is everything ready?")
    for result in results:
        found = escape(result.found)
        message = f"{found}\n[bold]{escape(result.mend)}[/]" if result.mend else found
        table.add_row(f"[{_COLOURS[result.state]}]{result.state}[/]", result.name, message)
    (console or Console()).print(table)
    return 1 if any(result.state == "fail" for result in results) else 0


def checks(settings: Settings, untrusted_proxies: Iterable[str] | None = None) -> Iterator[CheckResult]:
    """Every check, in the order in which to fix things. A running server has its key and port already, and knows which
    proxies it does not trust; other callers leave them out."""
    serving = untrusted_proxies is not None
    yield python(sys.version_info[:3])
    if not serving:
        yield secret_key()
    yield secret_file(ROOT / ".env")
    yield ffmpeg()
    yield from models(settings.models_dir)
    yield from whisper_models(settings.whisper_models)
    yield font(settings.models_dir)
    yield disk(settings.uploads_dir, settings.disk_reserve_bytes)
    yield memory(psutil.virtual_memory().available, settings.models_dir)
    yield asyncio.run(database(settings.database_url))
    yield language_model(settings)
    yield gpu()
    if untrusted_proxies is not None:
        yield proxies(untrusted_proxies, settings.trusted_proxies)
    else:
        yield from running_server(settings.port)
        yield port(settings.port)


def python(version: tuple[int, ...]) -> CheckResult:
    facts = {"version": ".".join(str(part) for part in version)}
    if version < (3, 10):
        mend = "install Python 3.10 or newer, delete .venv, run ./start_backend.sh"
        return CheckResult("Python", "fail", "python_old", mend, facts)
    facts["system"] = f"{platform.system()} {platform.machine()}"
    return CheckResult("Python", "ok", "python_there", facts=facts)


def secret_key() -> CheckResult:
    """Reads the settings again as the server does: `doctor` itself may run with a generated key."""
    try:
        Settings()
    except ValidationError as error:
        if any(problem["loc"][:1] == ("secret_key",) for problem in error.errors()):
            return CheckResult("SECRET_KEY", "fail", "key_poor", _NEW_KEY)
    return CheckResult("SECRET_KEY", "ok", "key_good")


def secret_file(env: Path) -> CheckResult:
    """Other users must not read .env: it holds the key that signs everybody's tokens."""
    if not env.exists():
        return CheckResult(".env", "warn", "env_missing", "./start_backend.sh")
    if os.name == "posix" and env.stat().st_mode & 0o077:
        return CheckResult(".env", "warn", "env_open", f"chmod 600 {env}")
    return CheckResult(".env", "ok", "env_closed")


def ffmpeg() -> CheckResult:
    """FFmpeg must not only be there: a missing library or encoder shows when it is used."""
    mend = "apt install ffmpeg (or brew install ffmpeg)"
    try:
        path = ffmpeg_path()
    except NoFfmpeg:
        return CheckResult("FFmpeg", "fail", "ffmpeg_missing", mend)
    try:
        if problem := asyncio.run(ffmpeg_problem(path)):
            return CheckResult("FFmpeg", "fail", "decoder_broken", mend, {"path": path, "why": problem})
        answer = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=20, check=True)
    except (AppError, OSError, subprocess.SubprocessError) as error:
        return CheckResult("FFmpeg", "fail", "decoder_broken", mend, {"path": path, "why": str(error)})
    version = " ".join(answer.stdout.split()[2:3])
    origin = "ffmpeg_system" if shutil.which("ffmpeg") else "ffmpeg_package"
    return CheckResult("FFmpeg", "ok", origin, facts={"version": version})


def models(models_dir: Path) -> Iterator[CheckResult]:
    """Verify each model, then whether a complete set is installed."""
    there = set()
    for name, model in MODELS.items():
        try:
            manifest = store.verify(models_dir, name)
        except store.ModelMissing:
            continue
        except store.ModelDamaged as error:
            yield CheckResult(name, "fail", f"model_{error.damage}", store.install_command(name), {"file": error.file})
        else:
            there.add(name)
            weights = max(manifest.files.items(), key=lambda item: item[1].size)[1]
            facts = {"size": f"{manifest.size / 1e6:.0f}", "sha256": weights.sha256[:12], "licence": model.licence}
            yield CheckResult(name, "ok", "model_whole", facts=facts)
    if set(SETS["full"]) <= there:
        yield CheckResult("Models", "ok", "models_full")
    elif set(SETS["small"]) <= there:
        yield CheckResult("Models", "ok", "models_small", f"{FETCH} --set full")
    elif set(SETS["tiny"]) <= there:
        yield CheckResult("Models", "ok", "models_tiny", f"{FETCH} --set small")
    else:
        yield CheckResult("Models", "fail", "models_none", FETCH)


def whisper_models(folders: Mapping[str, Path]) -> Iterator[CheckResult]:
    """The folders of WHISPER_MODELS."""
    for name, folder in folders.items():
        problem = find_problem(folder)
        if problem is None:
            yield CheckResult(f"whisper-{name}", "ok", "whisper_good", facts={"folder": str(folder)})
        else:
            mend = "check WHISPER_MODELS in .env" if problem.kind == "missing" else CONVERT
            facts = {"folder": str(folder)} | ({"file": problem.file} if problem.file else {})
            yield CheckResult(f"whisper-{name}", "fail", f"whisper_{problem.kind}", mend, facts)


def font(models_dir: Path) -> CheckResult:
    try:
        found = fonts_of(models_dir)[0].name
    except FontMissing:
        return CheckResult("Font", "warn", "font_missing", f"{FETCH} --set print")
    return CheckResult("Font", "ok", "font_there", facts={"font": found})


def disk(uploads_dir: Path, reserve: int) -> CheckResult:
    folder = next(place for place in (uploads_dir, *uploads_dir.parents) if place.exists())
    free = shutil.disk_usage(folder).free
    facts = {"free": f"{free / 1e9:.1f}", "reserve": f"{reserve / 1e9:.1f}"}
    room = "delete old recordings, or set UPLOADS_DIR to a larger disk"
    if not os.access(folder, os.W_OK):
        return CheckResult("Disk", "fail", "disk_closed", f"sudo chown -R $USER {folder}", {"folder": str(folder)})
    if free <= reserve:
        return CheckResult("Disk", "fail", "disk_full", room, facts)
    if free < reserve + 5 * 1024**3:
        return CheckResult("Disk", "warn", "disk_tight", room, facts)
    return CheckResult("Disk", "ok", "disk_free", facts=facts)


def memory(available: int, models_dir: Path) -> CheckResult:
    wanted = _MEMORY["full" if (models_dir / "seaco-paraformer").exists() else "small"]
    facts = {"free": f"{available / 1e9:.1f}", "wanted": f"{wanted / 1e9:.0f}"}
    if available < wanted:
        return CheckResult(
            "Memory", "warn", "memory_short", "close other programs, or set JOB_QUEUE_MAX_CONCURRENT=1", facts
        )
    return CheckResult("Memory", "ok", "memory_enough", facts=facts)


async def database(url: str) -> CheckResult:
    """Whether the database can be opened. Does not create SQLite's file."""
    parsed = async_url(url)
    kind, answers = parsed.get_backend_name(), "database_answers"
    if kind == "sqlite":
        kind = f"SQLite {sqlite3.sqlite_version}"
        if sqlite3.sqlite_version_info < (3, 51, 3):
            answers = "database_answers_old"
        path = Path(parsed.database or "")
        if parsed.database and parsed.database != ":memory:" and not path.exists():
            folder = path.absolute().parent
            if not (folder.is_dir() and os.access(folder, os.W_OK)):
                return CheckResult("Database", "fail", "database_closed", f"mkdir -p {folder}", {"folder": str(folder)})
            return CheckResult("Database", "ok", "database_new", facts={"kind": kind})
    # SQLite opens any file; only reading it shows whether it is a database.
    probe = "PRAGMA schema_version" if parsed.get_backend_name() == "sqlite" else "SELECT 1"
    try:
        opened = connect(url)
        try:
            async with opened.read() as session:
                await session.execute(text(probe))
        finally:
            await opened.close()
    except ModuleNotFoundError as error:
        return CheckResult("Database", "fail", "database_driver", f"pip install {error.name}", {"kind": kind})
    except (SQLAlchemyError, OSError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        facts = {"kind": kind, "why": reason}
        return CheckResult("Database", "fail", "database_refuses", "check DATABASE_URL in .env", facts)
    return CheckResult("Database", "ok", answers, facts={"kind": kind})


def language_model(settings: Settings, transport: httpx.BaseTransport | None = None) -> CheckResult:
    """The language model is optional: without it transcripts are not polished or summarised."""
    check = "check OPENAI_BASE_URL in .env"
    try:
        endpoint = endpoint_from_settings(settings)
    except LanguageModelError:
        return CheckResult("Language model", "warn", "language_address", check)
    if endpoint is None:
        return CheckResult("Language model", "ok", "language_unset")
    address = f"{endpoint.url.rstrip('/')}/models"
    headers = {"Authorization": f"Bearer {endpoint.key}"}
    try:
        with httpx.Client(transport=transport, timeout=5) as web:
            status = web.get(address, headers=headers).status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return CheckResult("Language model", "warn", "language_unreachable", check, {"why": str(error)})
    if status in (401, 403):
        return CheckResult("Language model", "warn", "language_key", "check OPENAI_API_KEY in .env")
    if status >= 500:
        return CheckResult("Language model", "warn", "language_broken", check, {"status": str(status)})
    return CheckResult("Language model", "ok", "language_answers", facts={"url": endpoint.url})


def gpu() -> CheckResult:
    command = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return CheckResult("GPU", "ok", "gpu_none")
    try:
        torch = metadata.version("torch")
    except metadata.PackageNotFoundError:
        return CheckResult("GPU", "fail", "gpu_torch", "./start_backend.sh --setup-only")
    if torch.endswith("+cpu"):
        mend = f"pip install --force-reinstall torch=={torch.removesuffix('+cpu')}"
        return CheckResult("GPU", "warn", "gpu_unused", mend, {"gpu": answer})
    return CheckResult("GPU", "ok", "gpu_there", facts={"gpu": answer})


def proxies(untrusted: Iterable[str], trusted: str) -> CheckResult:
    """Whether a peer forwards requests whose headers are not believed, as behind a proxy that was forgotten."""
    peers = ",".join(untrusted)
    if not peers:
        return CheckResult("Proxy", "ok", "proxy_trusted")
    mend = f"TRUSTED_PROXIES={trusted},{peers}"
    return CheckResult("Proxy", "warn", "proxy_untrusted", mend, {"peers": peers.replace(",", ", ")})


def running_server(number: int) -> Iterator[CheckResult]:
    """The same of the server that runs on this port; nothing if none does."""
    try:
        answer = httpx.get(f"http://127.0.0.1:{number}/ready", timeout=5).json()
    except (httpx.HTTPError, ValueError):
        return
    if isinstance(answer, dict) and answer.get("proxy") == "untrusted":
        yield CheckResult("Proxy", "warn", "proxy_unnamed", "set TRUSTED_PROXIES in .env to your proxy")


def port(number: int) -> CheckResult:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError:
            return CheckResult(
                "Port", "warn", "port_taken", f"PORT={number + 1} ./start_backend.sh", {"port": str(number)}
            )
    return CheckResult("Port", "ok", "port_free", facts={"port": str(number)})
