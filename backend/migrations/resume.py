"""Resumable migrations for MySQL, which commits every schema change at once: a killed migration leaves some of them.

What exists already is not created again, and what is gone already is not dropped again."""

from typing import Any

from alembic.ddl.mysql import MySQLImpl
from sqlalchemy import Column, Constraint, Index, Table, func, inspect, select


class ResumableMySQL(MySQLImpl):
    """Alembic finds this class by its dialect. The other databases roll a killed migration back."""

    __dialect__ = "mysql"

    def create_table(self, table: Table, **options: Any) -> None:
        if not self._inspector().has_table(table.name):
            super().create_table(table, **options)

    def drop_table(self, table: Table, **options: Any) -> None:
        if self._inspector().has_table(table.name):
            super().drop_table(table, **options)

    def add_column(self, table_name: str, column: Column[Any], **options: Any) -> None:
        if column.name not in self._columns(table_name):
            super().add_column(table_name, column, **options)

    def drop_column(self, table_name: str, column: Column[Any], **options: Any) -> None:
        if column.name in self._columns(table_name):
            super().drop_column(table_name, column, **options)

    def create_index(self, index: Index, **options: Any) -> None:
        if index.name not in self._indexes(index.table):
            super().create_index(index, **options)

    def drop_index(self, index: Index, **options: Any) -> None:
        if index.name in self._indexes(index.table):
            super().drop_index(index, **options)

    def add_constraint(self, const: Any, **options: Any) -> None:
        if const.name not in self._constraints(const.table.name):
            super().add_constraint(const, **options)

    def drop_constraint(self, const: Constraint, **options: Any) -> None:
        if const.name in self._constraints(const.table.name):
            super().drop_constraint(const, **options)

    def bulk_insert(self, table: Any, rows: list[dict[str, Any]], multiinsert: bool = True) -> None:
        """Insert the first rows of a new table, once."""
        assert self.connection is not None
        if not self.connection.scalar(select(func.count()).select_from(table)):
            super().bulk_insert(table, rows, multiinsert)

    def _inspector(self) -> Any:
        assert self.connection is not None
        return inspect(self.connection)

    def _columns(self, table: str) -> set[str | None]:
        return {column["name"] for column in self._inspector().get_columns(table)}

    def _indexes(self, table: Table | None) -> set[str | None]:
        assert table is not None
        return {index["name"] for index in self._inspector().get_indexes(table.name)}

    def _constraints(self, table: str) -> set[str | None]:
        inspector = self._inspector()
        found = [
            *inspector.get_unique_constraints(table),
            *inspector.get_foreign_keys(table),
            *inspector.get_check_constraints(table),
        ]
        return {constraint["name"] for constraint in found}
