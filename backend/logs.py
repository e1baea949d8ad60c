"""Structured logs: a constant sentence and its fields, with the request, job and user they belong to."""

import json
import logging
from contextvars import ContextVar
from logging.handlers import RotatingFileHandler
from pathlib import Path

#: Set at the start of a request or a job. Every log line below has them as fields.
request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
job_id: ContextVar[str | None] = ContextVar("job_id", default=None)
user_id: ContextVar[str | None] = ContextVar("user_id", default=None)

#: When a log file is renamed, and how many renamed ones are kept.
FILE_BYTES, OLDER_FILES = 20 * 1024**2, 5

_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


class LogFileClosed(Exception):
    """The log file cannot be written to. The message says why."""


def set_up_logs(level: str = "INFO", log_format: str = "text", file: Path | None = None) -> None:
    """Log to stderr as `text` for people, or as `json`, one object a line, for machines.

    A `file` always gets JSON; it is renamed when it is full, and the oldest is deleted. Raises LogFileClosed."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Json() if log_format == "json" else _Text())
    handlers: list[logging.Handler] = [handler, *([_file_handler(file)] if file else [])]
    logging.basicConfig(level=level, handlers=handlers, force=True)
    if level == "DEBUG":
        # Only of our own code: libraries log headers, frames and bodies there, with cookies, tickets and transcripts.
        logging.getLogger().setLevel(logging.INFO)
    logging.getLogger("backend").setLevel(level)
    for noisy in ("httpx", "aiosqlite", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("asyncmy").setLevel(logging.ERROR)  # it warns of every primary key that MySQL renames
    for parser in ("multipart", "python_multipart"):  # they warn of every broken form that a client sends
        logging.getLogger(parser).setLevel(logging.ERROR)


def _file_handler(file: Path) -> logging.Handler:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(file, maxBytes=FILE_BYTES, backupCount=OLDER_FILES, encoding="utf-8")
    except OSError as error:
        raise LogFileClosed(f"LOG_FILE: {file} cannot be written to ({error.strerror}).") from error
    handler.setFormatter(_Json())
    return handler


def _facts(record: logging.LogRecord) -> dict[str, object]:
    facts = {name: value for name, value in vars(record).items() if name not in _STANDARD}
    for name, variable in (("request", request_id), ("job", job_id), ("user", user_id)):
        if (value := variable.get()) is not None:
            facts.setdefault(name, value)
    return facts


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        head = f"{self.formatTime(record, '%Y-%m-%d %H:%M:%S')} {record.levelname:7} {record.getMessage()}"
        facts = " ".join(f"{name}={_compact(value)}" for name, value in _facts(record).items())
        line = f"{head}  {facts}".rstrip()
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {"at": self.formatTime(record), "level": record.levelname, "logger": record.name}
        entry = {**entry, "message": record.getMessage(), **_facts(record)}
        if record.exc_info:
            entry["error"] = self.formatException(record.exc_info)
        return _compact(entry)


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
