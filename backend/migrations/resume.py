"""MySQL commits every change of the schema at once, so a migration that was killed has left a part of its work there.
Here it goes on where it was: what is there already is not made again, what is gone already is not dropped again."""

from typing import Any

from alembic.ddl.mysql import MySQLImpl
from sqlalchemy import Column, Constraint, Index, Table, func, inspect, select


class Resuming(MySQLImpl):
    """Alembic finds it by its dialect. The other databases undo a killed migration as a whole."""

    __dialect__ = "mysql"

    def create_table(self, table: Table, **options: Any) -> None:
        if not self._look().has_table(table.name):
            super().create_table(table, **options)

    def drop_table(self, table: Table, **options: Any) -> None:
        if self._look().has_table(table.name):
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
        """The rows that a new table begins with."""
        assert self.connection is not None
        if not self.connection.scalar(select(func.count()).select_from(table)):
            super().bulk_insert(table, rows, multiinsert)

    def _look(self) -> Any:
        assert self.connection is not None
        return inspect(self.connection)

    def _columns(self, table: str) -> set[str | None]:
        return {column["name"] for column in self._look().get_columns(table)}

    def _indexes(self, table: Table | None) -> set[str | None]:
        assert table is not None
        return {index["name"] for index in self._look().get_indexes(table.name)}

    def _constraints(self, table: str) -> set[str | None]:
        look = self._look()
        found = [*look.get_unique_constraints(table), *look.get_foreign_keys(table), *look.get_check_constraints(table)]
        return {constraint["name"] for constraint in found}
