"""The database: one writer, many readers, and callbacks that run after a commit."""

import asyncio
import secrets
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timezone
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, MetaData, Table, Text, event, make_url
from sqlalchemy.dialects.mysql import DATETIME, LONGTEXT
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

#: How long a writer waits for the database before a request is answered with 503.
BUSY_SECONDS = 10.0

_UNREACHABLE = "the database server cannot be reached"

#: Error codes worth a retry: deadlocks, lock timeouts, no free connection, a server that restarts.
_BUSY_CODES = frozenset(
    {
        *("40001", "40P01", "55P03", "53300", "57P01", "57P02", "57P03", "08000", "08003", "08006"),  # PostgreSQL
        *(1020, 1040, 1053, 1205, 1213, 2002, 2003, 2006, 2013),  # MySQL
    }
)

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
    "mysql": "mysql+asyncmy",
    "mariadb": "mysql+asyncmy",
}


#: `__table_args__` of a table whose rows mean nothing after a restart of the installation, or are made from others.
NOT_BACKED_UP = {"info": {"backed_up": False}}

#: Text of any length; MySQL's TEXT ends at 64 KiB.
LongText = Text().with_variant(LONGTEXT(), "mysql", "mariadb")

#: A 64-bit integer; SQLite counts up only in a plain INTEGER.
BigInt = BigInteger().with_variant(Integer(), "sqlite")


class Base(DeclarativeBase):
    """The base of every table. Constraints have fixed names, so that migrations can drop them on every database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC on every database, to the microsecond. Naive values are refused."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a time zone cannot be stored")
        return value.astimezone(timezone.utc).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=timezone.utc)


def is_backed_up(table: Table) -> bool:
    return table.info.get("backed_up", True) is True


def utc_now() -> datetime:
    return datetime.now(timezone.utc)


def new_id() -> str:
    """128 random bits as 32 hexadecimal digits: cannot be guessed, and never reused."""
    return secrets.token_hex(16)


def after_commit(session: AsyncSession, callback: Callable[[], None]) -> None:
    """Run `callback` after this session's transaction has been committed; never if it is rolled back."""
    session.info.setdefault("after_commit", []).append(callback)


class Database:
    """Sessions for reading and writing. On SQLite one connection does all writes and all checkpoints."""

    def __init__(self, writer: AsyncEngine, reader: AsyncEngine) -> None:
        self.writer = writer
        self.reader = reader
        self._write = async_sessionmaker(writer, expire_on_commit=False)
        self._read = async_sessionmaker(reader, expire_on_commit=False)
        #: Called after every commit with the `info` of its session.
        self.on_commit: list[Callable[[dict[Any, Any]], None]] = []

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed at the end, rolled back on any error."""
        async with self._write() as session:
            yield session
            await session.flush()
            try:
                await session.commit()
            except DBAPIError:
                # SQLAlchemy does not roll back when a commit fails: the pool would reuse the open transaction.
                await session.invalidate()
                raise
            for callback in session.info.pop("after_commit", []):
                callback()
            for observer in self.on_commit:
                observer(session.info)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session for reading; on SQLite it cannot write."""
        async with self._read() as session:
            yield session

    async def checkpoint(self) -> None:
        """Remove deleted data from SQLite's write-ahead log too. Does nothing while somebody reads."""
        if self.writer.dialect.name != "sqlite":
            return
        async with self.writer.connect() as connection:
            sqlite = (await connection.get_raw_connection()).driver_connection
            assert sqlite is not None
            try:
                await sqlite.execute_fetchall("PRAGMA busy_timeout=0")  # else it would make every writer wait
                await sqlite.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
            except sqlite3.Error as error:
                raise OperationalError("PRAGMA wal_checkpoint", None, error) from error
            finally:
                await sqlite.execute_fetchall(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")

    async def close(self) -> None:
        await self.writer.dispose()
        if self.reader is not self.writer:
            await self.reader.dispose()


def async_url(url: str) -> URL:
    """`sqlite:///…`, `postgresql://…` or `mysql://…` with the asynchronous driver for it."""
    parsed = make_url(url)
    if "+" not in parsed.drivername:
        parsed = parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))
    if parsed.get_backend_name() == "mysql" and "charset" not in parsed.query:
        parsed = parsed.update_query_dict({"charset": "utf8mb4"})
    return parsed


def connect(url: str, *, busy_seconds: float = BUSY_SECONDS) -> Database:
    """Open the database at `url`; connections are made on first use. Waiting longer than `busy_seconds` for a lock or a
    connection raises an error that `is_busy`."""
    parsed = async_url(url)
    if parsed.get_backend_name() != "sqlite":
        engine = create_async_engine(
            parsed, pool_pre_ping=True, pool_timeout=busy_seconds, **_server_options(parsed, busy_seconds)
        )
        _report_unreachable(engine)
        return Database(engine, engine)
    timeout = {"timeout": busy_seconds}
    writer = create_async_engine(parsed, pool_size=1, max_overflow=0, pool_timeout=busy_seconds, connect_args=timeout)
    reader = create_async_engine(parsed, pool_size=4, max_overflow=12, connect_args=timeout)
    _prepare_sqlite(writer, writes=True)
    _prepare_sqlite(reader, writes=False)
    return Database(writer, reader)


def is_busy(error: BaseException) -> bool:
    """Whether a database error means "try again later" rather than a bug."""
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    codes = {getattr(error.orig, "sqlstate", None), *getattr(error.orig, "args", ())[:1]}
    if codes & _BUSY_CODES:
        return True
    text = str(error.orig).lower()
    return isinstance(error, OperationalError) and any(word in text for word in ("locked", "busy", _UNREACHABLE))


def _server_options(url: URL, busy_seconds: float) -> dict[str, Any]:
    if url.drivername == "postgresql+asyncpg":
        limits = {"lock_timeout": str(round(busy_seconds * 1000))}
        return {"connect_args": {"server_settings": limits, "timeout": busy_seconds}}
    if url.drivername == "mysql+asyncmy":
        wait = f"SET SESSION innodb_lock_wait_timeout={max(1, round(busy_seconds))}"
        connecting = {"init_command": wait, "connect_timeout": busy_seconds}
        # After the queue lock a transaction must see what was committed before it took the lock, not at its own start.
        return {"isolation_level": "READ COMMITTED", "connect_args": connecting}
    return {}


def _report_unreachable(engine: AsyncEngine) -> None:
    """Turn the drivers' own errors for a server that is unreachable or refuses into SQLAlchemy's OperationalError."""
    asyncpg = getattr(engine.dialect.loaded_dbapi, "asyncpg", None)
    refusals = (asyncpg.PostgresError,) if asyncpg else ()

    @event.listens_for(engine.sync_engine, "do_connect")
    def dial(dialect: Any, _record: Any, arguments: Any, options: Any) -> Any:
        try:
            return dialect.connect(*arguments, **options)
        except (OSError, asyncio.TimeoutError) as error:  # the same from Python 3.11 on
            raise dialect.loaded_dbapi.OperationalError(f"{_UNREACHABLE}: {error}") from error
        except refusals as error:  # a wrong password, no such database, too many connections
            translated = dialect.loaded_dbapi.OperationalError(str(error))
            translated.sqlstate = getattr(error, "sqlstate", None)
            raise translated from error


def _prepare_sqlite(engine: AsyncEngine, *, writes: bool) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def set_up(connection: Any, _record: Any) -> None:
        # The driver must not begin transactions by itself: BEGIN IMMEDIATE below does.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys=ON")
        if writes:
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("PRAGMA synchronous=FULL")  # an acknowledged row survives a power cut
            cursor.execute("PRAGMA secure_delete=ON")  # deleted data is overwritten
        else:
            # Only the writer checkpoints: two connections doing so can corrupt a WAL before SQLite 3.51.3.
            cursor.execute("PRAGMA wal_autocheckpoint=0")
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
