"""Finds columns and indexes that the database has lost, and makes them again.

A migration runs once. What somebody drops afterwards, or a restore leaves out, would show only when a request needs the
column, or not at all: without an index everything works, slower every day."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Column, Connection, Index, Table, inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import MetaData

import backend.accounts.tables
import backend.comments.tables
import backend.coordination.tables
import backend.events.tables
import backend.housekeeping.tables
import backend.jobs.tables
import backend.library.tables
import backend.minutes.tables
import backend.people.tables
import backend.recordings.tables
import backend.search.tables
import backend.shares.tables
import backend.transcripts.tables  # noqa: F401
from backend.database import Base
from backend.search import full_text

logger = logging.getLogger(__name__)


class SchemaDamaged(Exception):
    """A table or a column is missing that cannot be made again without losing what every row needs."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A column, an index, or a part of the full text of a table; a whole table if all are None."""

    table: Table
    column: "Column[object] | None" = None
    index: Index | None = None
    full_text: str | None = None

    @property
    def name(self) -> str:
        named = self.column if self.column is not None else self.index
        part = named.name if named is not None else self.full_text
        return self.table.name if part is None else f"{self.table.name}.{part}"

    @property
    def can_be_made(self) -> bool:
        """Whether rows that exist can have a value for it: none, or the one that new rows get."""
        column = self.column
        if column is None:
            return self.index is not None or self.full_text is not None
        has_value = column.nullable or column.server_default is not None or _scalar_default(column) is not None
        return has_value and not (column.primary_key or column.foreign_keys or column.unique)


def missing_parts(connection: Connection, metadata: MetaData = Base.metadata) -> list[Missing]:
    """What the tables of this program have, and those of the database do not."""
    inspector = inspect(connection)
    columns = {table: {column["name"] for column in rows} for (_, table), rows in inspector.get_multi_columns().items()}
    indexes = {
        table: {tuple(index["column_names"]) for index in rows}
        for (_, table), rows in inspector.get_multi_indexes().items()
    }
    texts = [Missing(metadata.tables[table], full_text=part) for table, part in full_text.missing(connection)]
    return [*_missing(metadata, columns, indexes), *texts]


def mend(connection: Connection) -> list[Missing]:
    """Make again what is missing; the values that a lost column had are lost. Returns what was made.

    Raises SchemaDamaged before anything is changed."""
    missing = missing_parts(connection)
    if hopeless := [one.name for one in missing if not one.can_be_made]:
        raise SchemaDamaged(
            f"The database has lost {', '.join(hopeless)}, which cannot be made again. Stop every server, and restore "
            "a backup with: python -m backend restore"
        )
    if missing:
        _make(connection, missing)
    return missing


def _make(connection: Connection, missing: list[Missing]) -> None:
    # Imported only when needed: it takes a fifth of a second.
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    full_text.make(connection, [(one.table.name, one.full_text) for one in missing if one.full_text is not None])
    operations = Operations(MigrationContext.configure(connection))
    for one in sorted(missing, key=lambda one: one.column is None):  # an index may need the column
        if one.column is not None:
            column: Column[object] = Column(
                one.column.name,
                one.column.type,
                nullable=one.column.nullable,
                server_default=one.column.server_default.arg  # type: ignore[attr-defined]
                if one.column.server_default is not None
                else _scalar_default(one.column),
            )
            operations.add_column(one.table.name, column)
        elif one.index is not None:
            names = [column.name for column in one.index.columns]
            try:
                operations.create_index(one.index.name, one.table.name, names, unique=one.index.unique)
            except IntegrityError as error:
                raise SchemaDamaged(f"{one.name} is missing, and rows contradict it: restore a backup.") from error
        logger.warning("A part of the database was missing and was made again", extra={"part": one.name})


def _missing(
    metadata: MetaData, columns: dict[str, set[str]], indexes: dict[str, set[tuple[str | None, ...]]]
) -> Iterator[Missing]:
    for table in metadata.sorted_tables:
        if table.name not in columns:
            yield Missing(table)
            continue
        yield from (Missing(table, column=column) for column in table.columns if column.name not in columns[table.name])
        for index in table.indexes:
            if tuple(column.name for column in index.columns) not in indexes[table.name]:
                yield Missing(table, index=index)


def _scalar_default(column: "Column[object]") -> str | None:
    """The value that Python gives new rows, as SQL text; None if it is computed or there is none."""
    default = column.default
    if default is None or not default.is_scalar:
        return None
    value = default.arg  # type: ignore[attr-defined]
    return str(int(value)) if isinstance(value, bool) else str(value)
