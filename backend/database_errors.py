"""What errors of a database mean: busy, full or read-only, so that work waits; or that it cannot be opened at all."""

from sqlalchemy.exc import ArgumentError, DBAPIError

from backend.database import is_busy
from backend.errors import AppError, ServiceBusy

#: Error codes of PostgreSQL and MySQL. A read-only MySQL is one with --read-only, or one that only replicates.
_FULL_CODES = frozenset({"53100", "53200", 1021, 1041, 1114})
_READ_ONLY_CODES = frozenset({"25006", 1290, 1792, 1836, 3100})
_FULL_TEXTS = ("database or disk is full", "no space left on device", "errno: 28")
_READ_ONLY_TEXTS = ("readonly database", "read-only")


class DatabaseFull(AppError):
    status = 507
    code = "database_full"
    detail = "The disk of the database is full. Nothing was changed. Tell the administrator, and try again later."


class DatabaseReadOnly(AppError):
    status = 503
    code = "database_read_only"
    detail = (
        "The database can only be read at present. Nothing was changed. Tell the administrator, and try again later."
    )


def refusal(error: BaseException) -> AppError | None:
    """The answer to a request that failed with this error because the database is busy, full or read-only; none for
    any other error, which is a bug. After any of them the same request may succeed later."""
    if is_busy(error):
        return ServiceBusy(headers={"Retry-After": "5"})
    if not isinstance(error, DBAPIError):
        return None
    codes = {getattr(error.orig, "sqlstate", None), *getattr(error.orig, "args", ())[:1]}
    text = str(error.orig).lower()
    if codes & _FULL_CODES or any(words in text for words in _FULL_TEXTS):
        return DatabaseFull(headers={"Retry-After": "60"})
    if codes & _READ_ONLY_CODES or any(words in text for words in _READ_ONLY_TEXTS):
        return DatabaseReadOnly(headers={"Retry-After": "60"})
    return None


def why_unusable(error: Exception) -> str:
    """One sentence for the person who starts a program whose database cannot be opened."""
    if isinstance(error, ArgumentError):
        return "DATABASE_URL is not a database URL such as sqlite:///./sqlite.db."
    if isinstance(error, ImportError):
        return f"The driver of this database is missing: install {error.name}."
    reason = str(getattr(error, "orig", None) or error).partition("\n")[0]
    return f"The database cannot be used: {reason}. Check DATABASE_URL."
