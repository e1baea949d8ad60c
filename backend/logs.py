"""Structured logs: a constant sentence and its fields, with the request, job and user they belong to."""

import json
import logging
from contextvars import ContextVar

#: Set at the start of a request or a job. Every log line below has them as fields.
request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
job_id: ContextVar[str | None] = ContextVar("job_id", default=None)
user_id: ContextVar[str | None] = ContextVar("user_id", default=None)

_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


def set_up_logs(level: str = "INFO", log_format: str = "text") -> None:
    """Log to stderr as `text` for people, or as `json`, one object a line, for machines."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Json() if log_format == "json" else _Text())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    if level == "DEBUG":
        # Only of our own code: libraries log headers, frames and bodies there, with cookies, tickets and transcripts.
        logging.getLogger().setLevel(logging.INFO)
    logging.getLogger("backend").setLevel(level)
    for noisy in ("httpx", "aiosqlite", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("asyncmy").setLevel(logging.ERROR)  # it warns of every primary key that MySQL renames
    for parser in ("multipart", "python_multipart"):  # they warn of every broken form that a client sends
        logging.getLogger(parser).setLevel(logging.ERROR)


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
